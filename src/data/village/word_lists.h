// SPDX-License-Identifier: MIT
#pragma once
// The raw word lists; lexicon.cpp reads them. Entries are "English,plural,Chinese,measure" with - for nothing.

namespace quern::village {

extern const char *const kAnimals,
    *const kPets,
        *const kTrades,
            *const kFoods,
                *const kGoods,
                    *const kThings,
                        *const kColors,
                            *const kPlaces,
                                *const kSpots,
                                    *const kSkills,
                                        *const kStreets,
                                            *const kHair,
                                                *const kWeekdays,
                                                    *const kMonths,
                                                        *const kSeasons,
                                                            *const kFestivals,
                                                                *const kWeathers,
                                                                    *const kCrops,
                                                                        *const kMaterials,
                                                                            *const kTools,
                                                                                *const kOccasions,
                                                                                    *const kPetNames,
                                                                                        *const kInns,
                                                                                            *const kRivers,
                                                                                                *const kFarTowns;
extern const char *const kPuzzleWords, *const kPuzzleWordsZh, *const kOpposites, *const kOppositesZh;
extern const char *const kNameHeads,
    *const kMaleTails, *const kFemaleTails,
                           *const kFamilyHeads,
                               *const kFamilyTails,
                                   *const kStrangerTails,
                                       *const kZhFamilies,
                                           *const kZhMale, *const kZhFemale, *const kZhStrangerFamilies,
                                                                                 *const kTownHeads, *const kTownTails,
                                                                                                        *const kZhTowns;

}  // namespace quern::village
