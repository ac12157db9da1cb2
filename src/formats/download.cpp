// SPDX-License-Identifier: MIT
#include "formats/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/terminal.h"
#include "formats/http_post.h"

namespace quern {

namespace {
// One request: where its bytes go, and what was heard of it.
struct Transfer {
  std::function<void(std::string_view bytes)> take;  // may throw: that ends the transfer
  std::function<void()> on_first_byte;
  std::exception_ptr error;
  const HttpOptions* options = nullptr;
  CURL* curl = nullptr;
  uint64_t offset = 0, received = 0;
  std::optional<uint64_t> total;
  std::string etag;
  double retry_after_s = 0;
  long status() const {
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
};

size_t on_body(char* data, size_t size, size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const long status = t.status();
  if (status < 200 || status >= 300) return size * count;  // an error page
  try {
    if (t.received == 0 && t.on_first_byte) t.on_first_byte();
    t.received += size * count;
    t.take({data, size * count});
    return size * count;
  } catch (...) {
    t.error = std::current_exception();
    return 0;
  }
}

// A value of a header line "Name: value"; names are compared without case.
std::optional<std::string> header_value(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
  for (size_t i = 0; i < name.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(line[i])) != name[i]) return std::nullopt;
  std::string value(line.substr(name.size() + 1));
  value.erase(0, value.find_first_not_of(" \t"));
  while (!value.empty() && std::strchr("\r\n \t", value.back())) value.pop_back();
  return value;
}

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) t.etag.clear();  // of the last answer, after redirects
  if (const auto etag = header_value(line, "etag")) t.etag = *etag;
  if (const auto wait = header_value(line, "retry-after"))
    t.retry_after_s = std::clamp(std::atof(wait->c_str()), 0.0, 60.0);
  return size * count;
}

int on_progress_tick(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& t = *static_cast<Transfer*>(user);
  if (t.options->on_progress && t.received > 0) t.options->on_progress(t.offset + t.received, t.total);
  return stop_requested() ? 1 : 0;
}

[[noreturn]] void throw_stopped() {
  throw Error(ErrorKind::Interrupted, "stopped").hint("what came so far is kept; the same command goes on from there");
}

struct CurlHandle {
  CURL* curl = curl_easy_init();
  curl_slist* headers = nullptr;
  ~CurlHandle() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
};

struct Answer {
  CURLcode code;
  long status;  // HTTP's
};

// Throws what `take` threw, and Interrupted.
Answer perform(const std::string& url, Transfer& t, const std::vector<std::string>& headers) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  QUERN_CHECK(global == CURLE_OK, "libcurl does not start");
  CurlHandle handle;
  CURL* curl = t.curl = handle.curl;
  for (const std::string& header : headers) handle.headers = curl_slist_append(handle.headers, header.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle.headers);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "quern/" QUERN_VERSION);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, std::max(1L, long(t.options->stall_s)));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress_tick);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &t);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  if (!t.options->token.empty()) {  // libcurl keeps it from other hosts when it follows a redirect
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, t.options->token.c_str());
  }
  const CURLcode code = curl_easy_perform(curl);
  if (t.error) std::rethrow_exception(t.error);
  if (stop_requested()) throw_stopped();
  return {code, t.status()};
}

// Whether it makes sense to ask again; throws what will not get better.
bool may_retry(const std::string& url, Answer answer) {
  const auto [code, status] = answer;
  if (code == CURLE_OK) {
    if (status >= 200 && status < 300) return false;
    if (status == 401 || status == 403)
      throw Error(ErrorKind::InvalidArgument, "{}: the server refuses (HTTP {})", shown_url(url), status)
          .hint("models behind a licence need a token: --token-file FILE, or $HF_TOKEN");
    if (status == 404 || status == 410)
      throw Error(ErrorKind::NotFound, "{}: there is no such thing (HTTP {})", shown_url(url), status)
          .hint("check the name; private models look missing without a token");
    if (status == 408 || status == 416 || status == 425 || status == 429 || status >= 500) return true;
    throw Error(ErrorKind::Io, "{}: the server answers HTTP {}", shown_url(url), status);
  }
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      throw Error(ErrorKind::InvalidArgument, "{}: not an address that can be fetched", shown_url(url))
          .hint("give http:// or https://");
    case CURLE_TOO_MANY_REDIRECTS:
      throw Error(ErrorKind::Io, "{}: the server sends from place to place without end", shown_url(url));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      throw Error(ErrorKind::Io, "{}: the server's certificate is not to be trusted", shown_url(url));
    default:
      return true;
  }
}

void wait_before_retry(const HttpOptions& options, int attempt, double asked_s) {
  const double delay = std::max(asked_s, std::min(20.0, options.first_delay_s * double(1 << std::min(attempt, 6))));
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(delay);
  while (std::chrono::steady_clock::now() < until) {
    if (stop_requested()) throw_stopped();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string reason_of(Answer answer) {
  return answer.code == CURLE_OK ? fmt::format("HTTP {}", answer.status) : curl_easy_strerror(answer.code);
}

// The part of a file that has come, with the mark (ETag) of the version it is a part of.
class PartFile {
 public:
  explicit PartFile(const fs::path& target) : path_(target.string() + ".part"), mark_(target.string() + ".etag") {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) throw Error(ErrorKind::Io, "{}: {}", path_.string(), std::strerror(errno));
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd_);
      throw Error(ErrorKind::Io, "{}: another quern is fetching this file", path_.string());
    }
  }
  ~PartFile() { ::close(fd_); }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  uint64_t size() const { return uint64_t(::lseek(fd_, 0, SEEK_END)); }
  std::string mark() const { return fs::exists(mark_) ? read_file(mark_) : ""; }
  void set_mark(const std::string& etag) {
    if (!etag.empty()) write_file(mark_, etag);
  }
  void clear() {
    if (::ftruncate(fd_, 0) != 0) throw Error(ErrorKind::Io, "{}: {}", path_.string(), std::strerror(errno));
    std::error_code ignored;
    fs::remove(mark_, ignored);
  }
  void append(std::string_view bytes) {
    ::lseek(fd_, 0, SEEK_END);
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw Error(ErrorKind::Io, "{}: {}", path_.string(), std::strerror(errno));
      bytes.remove_prefix(size_t(n));
    }
  }
  void finish(const fs::path& target) {
    if (::fsync(fd_) != 0) throw Error(ErrorKind::Io, "{}: {}", path_.string(), std::strerror(errno));
    fs::rename(path_, target);
    std::error_code ignored;
    fs::remove(mark_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_, mark_;
  int fd_ = -1;
};

// Empty when the file is what was announced, else what is wrong with it.
std::string complaint_about(const fs::path& file, const Download& what) {
  const uint64_t size = fs::file_size(file);
  if (what.size && size != *what.size) return fmt::format("it has {} bytes, {} were announced", size, *what.size);
  if (!what.sha256.empty() && sha256_of_file(file) != what.sha256) return "its SHA-256 is not the published one";
  if (!what.git_blob_id.empty() && git_blob_id_of_file(file) != what.git_blob_id)
    return "its checksum (git's) is not the published one";
  return "";
}

class Fetch {
 public:
  Fetch(const Download& what, const HttpOptions& options) : what_(what), options_(options), part_(what.to) {}

  void run() {
    const bool known = !what_.sha256.empty() || !what_.git_blob_id.empty();
    // Without a checksum only the server's mark tells whether the part belongs to the file that is there now.
    if (part_.size() > 0 && !known && part_.mark().empty()) part_.clear();
    if (what_.size && part_.size() > *what_.size) part_.clear();
    require_writable(what_.to.parent_path(), what_.size ? *what_.size - part_.size() : 0);
    const bool resumed = part_.size() > 0;
    receive();
    std::string complaint = complaint_about(part_.path(), what_);
    if (!complaint.empty() && resumed) {  // the part may have been of another version
      part_.clear();
      receive();
      complaint = complaint_about(part_.path(), what_);
    }
    if (!complaint.empty()) {
      part_.clear();
      fs::remove(part_.path());
      throw Error(ErrorKind::InvalidData, "{}: {}", shown_url(what_.url), complaint)
          .hint("nothing was kept; try again, or another mirror (--hub)");
    }
    part_.finish(what_.to);
  }

 private:
  const Download& what_;
  const HttpOptions& options_;
  PartFile part_;

  bool complete() const { return what_.size && part_.size() == *what_.size; }

  void receive() {
    for (int attempt = 0; !complete();) {
      const uint64_t before = part_.size();
      Transfer t;
      const Answer answer = request(t);
      if (answer.code == CURLE_OK && answer.status == 416) part_.clear();  // the part is longer than the file
      if (!may_retry(what_.url, answer)) return;
      attempt = part_.size() > before ? 0 : attempt + 1;
      if (attempt >= options_.attempts)
        throw Error(ErrorKind::Io, "{}: {}", shown_url(what_.url), reason_of(answer))
            .hint("{} are here; the same command goes on from there", format_size(part_.size()));
      wait_before_retry(options_, attempt, t.retry_after_s);
    }
  }

  Answer request(Transfer& t) {
    t.options = &options_;
    t.offset = part_.size();
    t.total = what_.size;
    std::vector<std::string> headers{"Accept-Encoding: identity"};
    if (t.offset > 0) {
      headers.push_back(fmt::format("Range: bytes={}-", t.offset));
      if (const std::string mark = part_.mark(); !mark.empty() && !mark.starts_with("W/"))
        headers.push_back("If-Range: " + mark);
    }
    t.on_first_byte = [&] {
      if (t.status() != 206 && t.offset > 0) {  // all of it comes again
        part_.clear();
        t.offset = 0;
      }
      part_.set_mark(t.etag);
      curl_off_t length = -1;
      curl_easy_getinfo(t.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
      if (!t.total && length >= 0) t.total = t.offset + uint64_t(length);
    };
    t.take = [&](std::string_view bytes) {
      if (what_.size && t.offset + t.received > *what_.size) {
        part_.clear();
        throw Error(ErrorKind::InvalidData, "{}: more comes than the {} bytes announced", shown_url(what_.url),
                    *what_.size);
      }
      part_.append(bytes);
    };
    return perform(what_.url, t, headers);
  }
};
}  // namespace

void download(const Download& what, const HttpOptions& options) { Fetch(what, options).run(); }

std::string fetch_text(const std::string& url, const HttpOptions& options, uint64_t most_bytes) {
  for (int attempt = 0;; ++attempt) {
    std::string text;
    Transfer t;
    t.options = &options;
    t.take = [&](std::string_view bytes) {
      if (text.size() + bytes.size() > most_bytes)
        throw Error(ErrorKind::InvalidData, "{}: the answer is longer than {}", shown_url(url),
                    format_size(most_bytes));
      text += bytes;
    };
    const Answer answer = perform(url, t, {});
    if (!may_retry(url, answer)) return text;
    if (attempt + 1 >= options.attempts)
      throw Error(ErrorKind::Io, "{}: {}", shown_url(url), reason_of(answer))
          .hint("is the network there? --hub URL names a mirror");
    wait_before_retry(options, attempt, t.retry_after_s);
  }
}

std::string url_encoded(const std::string& text, bool keep_slash) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || std::strchr("-._~", c) || (keep_slash && c == '/'))
      out += char(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

}  // namespace quern
