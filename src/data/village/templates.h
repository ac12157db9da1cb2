// SPDX-License-Identifier: MIT
#pragma once
// The wording, by language and topic, in the grammar's source form (grammar.h).

namespace quern::village {

extern const char *const kFactsEn,
    *const kQuestionsEn, *const kReadingEn, *const kMarketEn, *const kPuzzlesEn,
                                                                  *const kUnknownEn,
                                                                      *const kStoriesEn,
                                                                          *const kPlotsEn,
                                                                              *const kLettersEn,
                                                                                  *const kNoticesEn,
                                                                                      *const kEntriesEn,
                                                                                          *const kDialoguesEn,
                                                                                              *const kTalkEn;
extern const char *const kFactsZh,
    *const kQuestionsZh, *const kReadingZh, *const kMarketZh, *const kPuzzlesZh,
                                                                  *const kUnknownZh,
                                                                      *const kStoriesZh,
                                                                          *const kPlotsZh,
                                                                              *const kLettersZh,
                                                                                  *const kNoticesZh,
                                                                                      *const kEntriesZh,
                                                                                          *const kDialoguesZh,
                                                                                              *const kTalkZh;

}  // namespace quern::village
