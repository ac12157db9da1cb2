// SPDX-License-Identifier: MIT
#pragma once
// Texts that a verb takes as words of the command line, or one a line from a file.

#include <string>
#include <vector>

namespace quern {

// The lines of a file, "-" for standard input. An empty line is an empty text; what follows the last line end counts if
// it is not empty.
std::vector<std::string> lines_of_file(const std::string& file);

// A sentence on standard error when texts were cut: how many, and the longest one's tokens.
void warn_of_cut_texts(size_t cut, size_t all, int64_t longest, int64_t limit);

}  // namespace quern
