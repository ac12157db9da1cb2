// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

namespace quern {

// Where quern keeps what outlives a command and belongs to no run: the probe's result, the chat's history.
// $QUERN_HOME, else ~/.quern; empty when there is no home folder. Not made by this call.
std::filesystem::path quern_home();

}  // namespace quern
