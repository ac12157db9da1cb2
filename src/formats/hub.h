// SPDX-License-Identifier: MIT
#pragma once
// Where published models are and of which files they consist:
//   hf:ORG/NAME[@REVISION][:FILE]   Hugging Face and its mirrors
//   ms:ORG/NAME[@REVISION][:FILE]   ModelScope
//   ollama:[ORG/]NAME[:TAG]         the registry of Ollama (manifests and blobs as in the OCI distribution
//   specification) http(s)://.../FILE              one file
// What a hub answers is not trusted: file names that lead out of the model's folder are refused.

#include <optional>
#include <string>
#include <vector>

#include "formats/download.h"

namespace quern {

struct HubFile {
  std::string path;  // below the model's folder, checked
  Download source;   // without its target
};

struct HubModel {
  std::string source;  // as it was asked for
  std::string name;    // under which the store keeps it: "HuggingFaceTB/SmolLM2-135M", "llama3.2:1b"
  std::vector<HubFile> files;
};

struct HubOptions {
  std::string hub;     // base address of a mirror; empty: $HF_ENDPOINT and the like, else the hub's own
  std::string sha256;  // of the one file of an address
  HttpOptions http;
};

bool is_hub_reference(const std::string& text);
// Asks the hub. Throws InvalidArgument for what can't be a reference, NotFound, Io, InvalidData (an answer that makes
// no sense).
HubModel find_on_hub(const std::string& reference, const HubOptions& options = {});

// Whether `path` names a file below a folder: no root, no "..", no empty or hidden part, no control characters.
bool is_safe_relative_path(const std::string& path);

}  // namespace quern
