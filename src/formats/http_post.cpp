// SPDX-License-Identifier: MIT
#include "formats/http_post.h"

#include <curl/curl.h>

#include <algorithm>
#include <exception>
#include <memory>

#include "base/error.h"
#include "base/terminal.h"

namespace quern {

namespace {
constexpr size_t kMostErrorBytes = 64 << 10;

struct PostTransfer {
  CURL* curl = nullptr;
  const std::function<bool(std::string_view)>* take = nullptr;
  HttpReply reply;
  std::exception_ptr error;
};

long post_status(CURL* curl) {
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

size_t on_reply_bytes(char* data, size_t size, size_t count, void* user) {
  auto& t = *static_cast<PostTransfer*>(user);
  const std::string_view bytes(data, size * count);
  const long status = post_status(t.curl);
  if (status < 200 || status >= 300) {
    t.reply.error += bytes.substr(0, kMostErrorBytes - std::min(kMostErrorBytes, t.reply.error.size()));
    return bytes.size();
  }
  try {
    if ((*t.take)(bytes)) return bytes.size();
    t.reply.stopped = true;
  } catch (...) {
    t.error = std::current_exception();
  }
  return 0;
}

struct PostHandles {
  CURL* easy = curl_easy_init();
  CURLM* multi = curl_multi_init();
  curl_slist* headers = nullptr;
  ~PostHandles() {
    curl_multi_remove_handle(multi, easy);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
};

void set_options(PostHandles& h, PostTransfer& t, const HttpPost& post) {
  CURL* curl = t.curl = h.easy;
  for (const std::string& header : post.headers) h.headers = curl_slist_append(h.headers, header.c_str());
  h.headers = curl_slist_append(h.headers, "Expect:");  // no question before the question
  curl_easy_setopt(curl, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(post.body.size()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, h.headers);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "quern/" QUERN_VERSION);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, std::max(1L, long(post.stall_s)));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_reply_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &t);
  if (!post.token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, post.token.c_str());
  }
}

// Until the transfer is over, or Ctrl-C, which is looked for several times a second.
CURLcode perform_watched(PostHandles& h, PostTransfer& t) {
  curl_multi_add_handle(h.multi, h.easy);
  for (int running = 1; running > 0;) {
    QUERN_CHECK(curl_multi_perform(h.multi, &running) == CURLM_OK, "libcurl gave up");
    if (stop_requested()) {
      t.reply.stopped = true;
      return CURLE_OK;
    }
    if (running > 0) curl_multi_poll(h.multi, nullptr, 0, 50, nullptr);
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(h.multi, &left);
  QUERN_CHECK(message, "libcurl says nothing of a transfer that ended");
  return message->data.result;
}
}  // namespace

std::string shown_url(const std::string& url) {
  const size_t scheme = url.find("://"), at = url.find('@');
  if (scheme == std::string::npos || at == std::string::npos || at > url.find('/', scheme + 3)) return url;
  return url.substr(0, scheme + 3) + url.substr(at + 1);
}

HttpReply http_post(const HttpPost& post, const std::function<bool(std::string_view bytes)>& take) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  QUERN_CHECK(global == CURLE_OK, "libcurl does not start");
  PostHandles handles;
  PostTransfer t{.take = &take, .reply = {}, .error = {}};
  set_options(handles, t, post);
  const CURLcode code = perform_watched(handles, t);
  if (t.error) std::rethrow_exception(t.error);
  t.reply.status = post_status(handles.easy);
  const char* type = nullptr;
  curl_easy_getinfo(handles.easy, CURLINFO_CONTENT_TYPE, &type);
  t.reply.content_type = type ? type : "";
  if (t.reply.stopped || code == CURLE_OK) return t.reply;
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
    throw Error(ErrorKind::InvalidArgument, "{}: not an address of a server", shown_url(post.url))
        .hint("give http:// or https://");
  throw Error(ErrorKind::Io, "{}: {}", shown_url(post.url), curl_easy_strerror(code))
      .hint("is the server there, and the address right?");
}

}  // namespace quern
