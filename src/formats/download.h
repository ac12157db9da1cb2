// SPDX-License-Identifier: MIT
#pragma once
// Fetching over HTTP: goes on where it broke off, checks what it got, and leaves either the whole file or a part to go
// on from, never a damaged file under its final name.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace quern {

struct Download {
  std::string url;
  std::filesystem::path to;      // what came so far lies beside it, as TO.part
  std::optional<uint64_t> size;  // bytes, where it is known before
  std::string sha256;            // hex, or empty: not checked
  std::string git_blob_id;       // likewise: SHA-1 by which git names the file
};

struct HttpOptions {
  std::string token;           // sent as a bearer token to the first host only, never to where it redirects
  int attempts = 6;            // without a byte in between
  double first_delay_s = 0.5;  // before trying again; doubled each time
  double stall_s = 30;         // without a byte: the connection is taken for dead
  std::function<void(uint64_t done, std::optional<uint64_t> total)> on_progress = {};
};

// Throws NotFound (404), InvalidArgument (401, 403: a token is needed), InvalidData (checksum, size), Io (connection,
// disk), Interrupted (Ctrl-C; the part stays).
void download(const Download& what, const HttpOptions& options = {});

// A small answer, as of a hub's API, of at most `most_bytes`. Throws as download() does.
std::string fetch_text(const std::string& url, const HttpOptions& options = {}, uint64_t most_bytes = 32u << 20);

// Percent-encodes all but letters, digits, "-._~" and, with `keep_slash`, "/".
std::string url_encoded(const std::string& text, bool keep_slash = false);

}  // namespace quern
