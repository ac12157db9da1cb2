// SPDX-License-Identifier: MIT
// A conversation with a server, against one that says what the test wants.
#include "cli/remote_partner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/chat_session.h"
#include "cli/fake_chat_server_test.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_chat::event_of;
using testing_chat::FakeChatServer;
using testing_chat::kDone;

ChatPartner::Show into(std::string& shown) {
  return [&shown](const std::string& piece) {
    shown += piece;
    return true;
  };
}

template <typename F>
Error error_of(const F& f) {
  try {
    f();
  } catch (const Error& e) {
    return e;
  }
  return Error(ErrorKind::Internal, "no error");
}

TEST(ApiAddress, AVersionIsAddedWhereThereIsNone) {
  for (const char* base :
       {"http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/", "h:1", "http://h:1/v1/chat/completions"})
    EXPECT_EQ(api_address(base, "chat/completions"), "http://h:1/v1/chat/completions") << base;
  EXPECT_EQ(api_address("https://h/api/paas/v4", "models"), "https://h/api/paas/v4/models");
  EXPECT_EQ(api_address("https://h/v1beta/openai/", "models"), "https://h/v1beta/openai/models");
  EXPECT_EQ(api_address("https://h/vllm", "models"), "https://h/vllm/v1/models");
}

TEST(EventReader, TheSameEventsHoweverTheBytesAreCut) {
  const std::string stream = "data: one\n\n: a comment\r\nevent: x\ndata:two\ndata: three\r\n\r\n\n\ndata: last";
  for (size_t size = 1; size <= stream.size(); ++size) {
    EventReader reader;
    std::vector<std::string> events;
    for (size_t at = 0; at < stream.size(); at += size)
      for (std::string& e : reader.push(std::string_view(stream).substr(at, size))) events.push_back(std::move(e));
    for (std::string& e : reader.finish()) events.push_back(std::move(e));
    EXPECT_THAT(events, ElementsAre("one", "two\nthree", "last")) << size;
  }
}

TEST(EventReader, AnEventWithoutEndIsRefused) {
  EventReader reader;
  const std::string piece(1 << 20, 'x');
  EXPECT_THROW(
      {
        for (int i = 0; i < 20; ++i) reader.push(piece);
      },
      Error);
}

TEST(RemotePartner, StreamsAnAnswerAndSendsTheConversationAndItsSettings) {
  FakeChatServer server;
  server.answer_with({.pieces = {event_of("Hel"), event_of("lo"), event_of("."), kDone}});
  SamplingFlags flags;
  flags.stop = {"\\n"};
  ChatSession session(std::make_unique<RemotePartner>(RemoteModel{.url = server.url(), .model = "", .key = "secret"}),
                      flags, "Be kind.");
  session.command("/set temperature 0.25");
  session.command("/set top_k 7");
  session.command("/set seed 40");
  std::string shown;
  const ChatAnswer first = session.ask("Hi", into(shown));
  EXPECT_EQ(first.text, "Hello.");
  EXPECT_EQ(shown, "Hello.");
  EXPECT_EQ(first.finish, "stop");
  EXPECT_EQ(first.prompt_tokens, 7);
  EXPECT_EQ(first.tokens, 3);
  session.ask("And you?", into(shown));
  const auto heard = server.heard();
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[0].path, "/v1/models");
  EXPECT_EQ(heard[2].path, "/v1/chat/completions");
  EXPECT_THAT(heard[2].head, HasSubstr("Authorization: Bearer secret"));
  const Json json = parse_json(heard[2].body, "request");
  EXPECT_EQ(json["model"], "tiny");
  EXPECT_EQ(json["stream"], true);
  EXPECT_EQ(json["temperature"], 0.25);
  EXPECT_EQ(json["top_k"], 7);
  EXPECT_EQ(json["seed"], 41);
  EXPECT_EQ(json["stop"], Json::array({"\n"}));
  EXPECT_FALSE(json.contains("top_p"));
  ASSERT_EQ(json["messages"].size(), 4u);
  EXPECT_EQ(json["messages"][0], (Json{{"role", "system"}, {"content", "Be kind."}}));
  EXPECT_EQ(json["messages"][2], (Json{{"role", "assistant"}, {"content", "Hello."}}));
  EXPECT_EQ(json["messages"][3]["content"], "And you?");
  EXPECT_EQ(session.command("/tokens").text, "10 tokens, as the server counts them");
}

TEST(RemotePartner, AnAnswerInOnePieceCountsToo) {
  FakeChatServer server;
  server.answer_with({.type = "application/json",
                      .pieces = {R"({"choices":[{"message":{"role":"assistant","con)",
                                 R"(tent":"All at once"},"finish_reason":"length"}]})"},
                      .pause_ms = 20});
  RemotePartner partner({.url = server.url() + "/v1", .model = "m", .key = ""});
  const ChatMessage question[] = {{"user", "Hi"}};
  std::string shown;
  const ChatAnswer answer = partner.answer(question, {}, 0, into(shown));
  EXPECT_EQ(answer.text, "All at once");
  EXPECT_EQ(answer.finish, "length");
  EXPECT_EQ(shown, "All at once");
}

TEST(RemotePartner, ThoughtsAreShownButNotSaid) {
  FakeChatServer server;
  server.answer_with(
      {.pieces = {"data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n", event_of("Yes"), kDone}});
  RemotePartner partner({.url = server.url(), .model = "m", .key = ""});
  const ChatMessage question[] = {{"user", "Hi"}};
  std::string shown;
  EXPECT_EQ(partner.answer(question, {}, 0, into(shown)).text, "Yes");
  EXPECT_EQ(shown, "<think>\nhm</think>\n\nYes");
}

TEST(RemotePartner, StoppingEndsTheTransfer) {
  FakeChatServer server;
  server.answer_with({.pieces = {event_of("more ")}, .pause_ms = 5, .endless = true});
  RemotePartner partner({.url = server.url(), .model = "m", .key = ""});
  const ChatMessage question[] = {{"user", "Hi"}};
  int pieces = 0;
  const ChatAnswer answer = partner.answer(question, {}, 0, [&](const std::string&) { return ++pieces < 4; });
  EXPECT_EQ(answer.finish, "cancelled");
  EXPECT_EQ(answer.text, "more more more more ");
  for (int i = 0; i < 400 && !server.client_left(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(server.client_left());
}

TEST(RemotePartner, WhyAsksTheServerFromTheNextAnswerOn) {
  FakeChatServer server;
  server.answer_with(
      {.pieces = {"data: {\"choices\":[{\"delta\":{\"content\":\"Yes\"},\"logprobs\":{\"content\":[{\"token\":"
                  "\"Yes\",\"logprob\":-0.5,\"top_logprobs\":[{\"token\":\"Yes\",\"logprob\":-0.5},"
                  "{\"token\":\"No\",\"logprob\":-1.0}]}]}}]}\n\n",
                  kDone}});
  ChatSession session(std::make_unique<RemotePartner>(RemoteModel{.url = server.url(), .model = "m", .key = ""}), {},
                      "");
  std::string shown;
  EXPECT_THAT(session.command("/why").text, HasSubstr("from the next answer"));
  session.ask("Hi", into(shown));
  EXPECT_EQ(parse_json(server.heard().back().body, "request")["logprobs"], true);
  EXPECT_THAT(session.command("/why").text, testing::AllOf(HasSubstr("60.7 %  \"Yes\""), HasSubstr("\"No\" 36.8 %")));
}

TEST(RemotePartner, WhatTheServerComplainsOfIsOneSentence) {
  FakeChatServer server;
  RemotePartner partner({.url = server.url(), .model = "m", .key = ""});
  const ChatMessage question[] = {{"user", "Hi"}};
  std::string shown;
  const auto complaint = [&](testing_chat::Script script) {
    server.answer_with(std::move(script));
    return error_of([&] { partner.answer(question, {}, 0, into(shown)); });
  };
  Error e = complaint({.status = 401, .pieces = {R"({"error":{"message":"wrong\nkey","type":"x"}})"}});
  EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(e.message(), HasSubstr("HTTP 401: wrong key"));
  EXPECT_THAT(e.hint(), HasSubstr("--key-file"));
  e = complaint({.status = 404, .pieces = {"<html>nothing</html>"}});
  EXPECT_EQ(e.kind(), ErrorKind::NotFound);
  e = complaint({.status = 503, .pieces = {R"({"detail":"busy"})"}});
  EXPECT_THAT(e.message(), HasSubstr("HTTP 503: busy"));
  e = complaint({.pieces = {event_of("a"), "data: {\"error\":{\"message\":\"out of memory\"}}\n\n"}});
  EXPECT_THAT(e.message(), HasSubstr("out of memory"));
  e = complaint({.pieces = {"data: {\"choices\": [\n\n"}});
  EXPECT_EQ(e.kind(), ErrorKind::InvalidData);
  e = complaint({.type = "text/html", .pieces = {"<html>hello</html>"}});
  EXPECT_THAT(e.message(), HasSubstr("part of a conversation"));
  for (const Error& one : {e}) EXPECT_EQ(one.message().find('\n'), std::string::npos);
}

TEST(RemotePartner, AFailedQuestionLeavesTheConversationAsItWas) {
  FakeChatServer server;
  server.answer_with({.pieces = {event_of("One"), kDone}});
  ChatSession session(std::make_unique<RemotePartner>(RemoteModel{.url = server.url(), .model = "m", .key = ""}), {},
                      "");
  std::string shown;
  session.ask("First", into(shown));
  server.answer_with({.status = 500, .pieces = {"{}"}});
  EXPECT_THROW(session.ask("Second", into(shown)), Error);
  EXPECT_EQ(session.messages().size(), 2u);
  server.answer_with({.pieces = {event_of("Two"), kDone}});
  session.again(into(shown));  // the question that failed, not the first
  ASSERT_EQ(session.messages().size(), 4u);
  EXPECT_EQ(session.messages()[2].content, "Second");
  session.again(into(shown));
  EXPECT_EQ(session.messages().size(), 4u);
}

TEST(RemotePartner, NoServerOrNoModelIsSaid) {
  EXPECT_EQ(error_of([] { RemotePartner({.url = "http://127.0.0.1:1", .model = "", .key = ""}); }).kind(),
            ErrorKind::Io);
  EXPECT_EQ(error_of([] { RemotePartner({.url = "ftp://127.0.0.1", .model = "", .key = ""}); }).kind(),
            ErrorKind::InvalidArgument);
  FakeChatServer server;
  server.set_models(R"({"data":[{"id":"a"},{"id":"b"}]})");
  const Error two = error_of([&] { RemotePartner({.url = server.url(), .model = "", .key = ""}); });
  EXPECT_THAT(two.hint(), HasSubstr("a, b"));
  EXPECT_THROW(RemotePartner({.url = server.url(), .model = "a", .key = ""}).check({.ignore_end = true}), Error);
}

}  // namespace
}  // namespace quern
