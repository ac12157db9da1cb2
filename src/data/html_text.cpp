// SPDX-License-Identifier: MIT
#include "data/html_text.h"

#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "data/text_cleaner.h"
#include "text/unicode.h"

namespace quern {

namespace {

using NodeSet = std::unordered_set<const xmlNode*>;

std::string_view tag_of(const xmlNode* node) { return reinterpret_cast<const char*>(node->name); }
bool is_element(const xmlNode* node) { return node->type == XML_ELEMENT_NODE && node->name; }

template <size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 22> kNeverText = {
    "script", "style", "noscript", "template", "svg",   "math",  "head",     "iframe", "object",   "embed",  "canvas",
    "audio",  "video", "button",   "select",   "input", "label", "textarea", "map",    "datalist", "dialog", "applet"};
constexpr std::array<std::string_view, 5> kAroundText = {"nav", "footer", "aside", "form", "menu"};
constexpr std::array<std::string_view, 39> kBlocks = {
    "p",       "div",     "h1",    "h2",     "h3",       "h4",    "h5",      "h6",         "ul",      "ol",
    "li",      "dl",      "dt",    "dd",     "table",    "tr",    "caption", "pre",        "hr",      "blockquote",
    "section", "article", "main",  "header", "footer",   "aside", "figure",  "figcaption", "address", "details",
    "summary", "center",  "tbody", "thead",  "fieldset", "nav",   "form",    "td",         "th"};

// Words in a class or id that tell what surrounds a text from the text.
constexpr std::array<std::string_view, 38> kBadNames = {
    "nav",       "menu",   "sidebar",  "footer",     "comment",   "share",     "sharing",    "social",
    "promo",     "advert", "banner",   "breadcrumb", "related",   "recommend", "newsletter", "subscri",
    "cookie",    "popup",  "modal",    "login",      "paginat",   "widget",    "masthead",   "toolbar",
    "sponsor",   "disqus", "outbrain", "taboola",    "trending",  "popular",   "byline",     "caption",
    "copyright", "signup", "teaser",   "hidden",     "read-more", "skip-link"};
constexpr std::array<std::string_view, 9> kGoodNames = {"article", "body",  "content", "main", "post",
                                                        "entry",   "story", "text",    "blog"};

std::string lower_attribute(const xmlNode* node, const char* name) {
  xmlChar* value = xmlGetNoNsProp(const_cast<xmlNode*>(node), reinterpret_cast<const xmlChar*>(name));
  if (!value) return "";
  std::string out(reinterpret_cast<const char*>(value));
  xmlFree(value);
  for (char& c : out) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

std::string names_of(const xmlNode* node) {
  return lower_attribute(node, "class") + " " + lower_attribute(node, "id") + " " + lower_attribute(node, "role");
}
template <size_t N>
bool mentions(const std::string& names, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return names.find(w) != names.npos; });
}

bool is_hidden(const xmlNode* node) {
  if (!node->properties) return false;
  if (xmlHasProp(const_cast<xmlNode*>(node), reinterpret_cast<const xmlChar*>("hidden"))) return true;
  if (lower_attribute(node, "aria-hidden") == "true") return true;
  std::string style = lower_attribute(node, "style");
  std::erase(style, ' ');
  return style.find("display:none") != style.npos || style.find("visibility:hidden") != style.npos;
}

// A run of text between two block borders.
struct Block {
  std::string text;
  size_t link_bytes = 0;
  const xmlNode* parent = nullptr;  // innermost block element
  enum Kind { Paragraph, Heading, Item, Row, Preformatted } kind = Paragraph;
  double link_density() const { return text.empty() ? 0 : double(link_bytes) / double(text.size()); }
};

// Walks the tree without recursion: markup may be nested as deep as the file is long.
class Walker {
 public:
  Walker(const NodeSet& left_out, bool keep_surroundings)
      : left_out_(left_out), keep_surroundings_(keep_surroundings) {}

  std::vector<Block> walk(const xmlNode* root) {
    const xmlNode* node = root;
    while (node) {
      const bool inside = enter(node);
      if (inside && node->children) {
        node = node->children;
        continue;
      }
      if (inside) leave(node);
      while (node != root && !node->next) {
        node = node->parent;
        leave(node);
      }
      if (node == root) break;
      node = node->next;
    }
    close();
    return std::move(blocks_);
  }

 private:
  const NodeSet& left_out_;
  bool keep_surroundings_;
  std::vector<Block> blocks_;
  Block now_;
  std::vector<const xmlNode*> open_;  // block elements
  int links_ = 0, pre_ = 0;
  bool space_ = false;

  bool enter(const xmlNode* node) {
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
      if (node->content) add(reinterpret_cast<const char*>(node->content));
      return false;
    }
    if (!is_element(node)) return node->type == XML_HTML_DOCUMENT_NODE || node->type == XML_DOCUMENT_NODE;
    const std::string_view tag = tag_of(node);
    if (one_of(tag, kNeverText) || left_out_.count(node) || is_hidden(node)) return false;
    if (!keep_surroundings_ && one_of(tag, kAroundText)) return false;
    if (keep_surroundings_ && (tag == "nav" || tag == "menu")) return false;
    if (tag == "br") {
      if (!now_.text.empty()) now_.text += '\n';
      space_ = false;
      return false;
    }
    if (tag == "a") ++links_;
    if (tag == "pre") ++pre_;
    if (tag == "td" || tag == "th") {  // cells of a row stand on one line
      if (!now_.text.empty() && now_.kind == Block::Row)
        now_.text += " | ";
      else
        close();
      now_.kind = Block::Row;
      open_.push_back(node);
      now_.parent = node;
    } else if (one_of(tag, kBlocks)) {
      close();
      open_.push_back(node);
      start_kind();
    }
    return true;
  }

  void leave(const xmlNode* node) {
    if (!is_element(node)) return;
    const std::string_view tag = tag_of(node);
    if (tag == "a") --links_;
    if (tag == "td" || tag == "th") {
      space_ = false;
    } else if (one_of(tag, kBlocks)) {
      close();
    }
    if (tag == "pre") --pre_;
    if (!open_.empty() && open_.back() == node) {
      open_.pop_back();
      if (tag != "td" && tag != "th") start_kind();
    }
  }

  void start_kind() {
    now_.kind = Block::Paragraph;
    for (size_t k = open_.size(); k-- > 0 && k + 4 > open_.size();) {
      const std::string_view tag = tag_of(open_[k]);
      if (tag.size() == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6')
        now_.kind = Block::Heading;
      else if (tag == "li" || tag == "dt" || tag == "dd")
        now_.kind = Block::Item;
      else if (tag == "pre")
        now_.kind = Block::Preformatted;
      else if (tag != "p" && tag != "div")
        break;
      if (now_.kind != Block::Paragraph) break;
    }
    now_.parent = open_.empty() ? nullptr : open_.back();
  }

  void close() {
    while (!now_.text.empty() && (now_.text.back() == ' ' || now_.text.back() == '\n' || now_.text.back() == '|'))
      now_.text.pop_back();
    if (!now_.text.empty()) blocks_.push_back(std::move(now_));
    now_ = {};
    space_ = false;
    start_kind();
  }

  void add(const char* text) {
    const size_t before = now_.text.size();
    for (const char* p = text; *p; ++p) {
      const bool nbsp = p[0] == '\xC2' && p[1] == '\xA0';
      if (pre_ > 0 && !nbsp) {
        now_.text += *p;
        continue;
      }
      if (nbsp || *p == ' ' || *p == '\n' || *p == '\t' || *p == '\r' || *p == '\f') {
        space_ = true;
        p += nbsp;
        continue;
      }
      if (space_ && !now_.text.empty() && now_.text.back() != '\n' && now_.text.back() != ' ') now_.text += ' ';
      space_ = false;
      now_.text += *p;
    }
    if (links_ > 0) now_.link_bytes += now_.text.size() - before;
  }
};

// The element that holds the main text: paragraphs vote for their parents, less for grandparents, in the manner of
// Arc90's Readability; link density as in Kohlschuetter et al. 2010, "Boilerplate detection using shallow text
// features".
struct Scores {
  const xmlNode* node;
  double votes = 0;
  size_t bytes = 0, link_bytes = 0;
};

// In the order in which elements were met, so that nothing depends on addresses.
struct ScoreTable {
  std::vector<Scores> items;
  std::unordered_map<const xmlNode*, size_t> index;
  Scores& operator[](const xmlNode* node) {
    const auto [it, fresh] = index.try_emplace(node, items.size());
    if (fresh) items.push_back({.node = node});
    return items[it->second];
  }
};

size_t commas(std::string_view text) {
  size_t n = size_t(std::count(text.begin(), text.end(), ','));
  for (std::string_view wide : {"，", "。", "、"})
    for (size_t at = text.find(wide); at != text.npos; at = text.find(wide, at + wide.size())) ++n;
  return n;
}

const xmlNode* main_element(const std::vector<Block>& blocks, ScoreTable& scores) {
  for (const Block& block : blocks) {
    int above = 0;
    const bool votes = block.text.size() >= 40 && block.link_density() < 0.4 && block.kind != Block::Heading;
    const double vote = votes ? 1 + double(std::min<size_t>(commas(block.text), 8)) * 0.5 +
                                    std::min(double(block.text.size()) / 100, 4.0)
                              : 0;
    // The paragraph's own element is not its container.
    const xmlNode* own = block.parent;
    if (own && (tag_of(own) == "p" || tag_of(own) == "pre" || tag_of(own) == "blockquote")) own = own->parent;
    for (const xmlNode* node = own; node && is_element(node) && above < 200; node = node->parent, ++above) {
      Scores& s = scores[node];
      s.bytes += block.text.size();
      s.link_bytes += block.link_bytes;
      if (above < 4) s.votes += vote / (above == 0 ? 1.0 : above == 1 ? 1.5 : 2.0 + above);
    }
  }
  const xmlNode* best = nullptr;
  double best_score = 0;
  for (const Scores& s : scores.items) {
    const xmlNode* node = s.node;
    const std::string names = names_of(node);
    double factor = 1 - double(s.link_bytes) / double(std::max<size_t>(1, s.bytes));
    if (mentions(names, kBadNames) && !mentions(names, kGoodNames)) factor *= 0.6;
    if (tag_of(node) == "article" || tag_of(node) == "main") factor *= 1.3;
    if (mentions(names, kGoodNames)) factor *= 1.2;
    if (tag_of(node) == "body" || tag_of(node) == "html") factor *= 0.7;
    const double score = s.votes * factor;
    if (score > best_score) {
      best = node;
      best_score = score;
    }
  }
  return best;
}

bool within(const xmlNode* node, const xmlNode* container) {
  for (int depth = 0; node && depth < 200; node = node->parent, ++depth)
    if (node == container) return true;
  return false;
}

// Elements whose names say that they surround the text, unless much of the text lies in them.
NodeSet surroundings(const xmlNode* root, const ScoreTable& scores, size_t total) {
  NodeSet out;
  for (const Scores& s : scores.items) {
    const xmlNode* node = s.node;
    if (node == root || tag_of(node) == "body" || tag_of(node) == "html" || tag_of(node) == "article") continue;
    if (s.bytes * 3 > total) continue;
    const std::string names = names_of(node);
    if (mentions(names, kBadNames))
      out.insert(node);
    else if (s.bytes > 0 && double(s.link_bytes) > 0.6 * double(s.bytes))
      out.insert(node);
  }
  return out;
}

std::string join(const std::vector<Block>& blocks) {
  std::string out;
  const Block* previous = nullptr;
  for (const Block& block : blocks) {
    if (previous)
      out += previous->kind == block.kind && (block.kind == Block::Item || block.kind == Block::Row) ? "\n" : "\n\n";
    if (block.kind == Block::Item) out += "- ";
    out += block.text;
    previous = &block;
  }
  if (!out.empty()) out += '\n';
  return out;
}

std::string title_of(const xmlNode* root) {
  for (const xmlNode* node = root->children; node; node = node->next) {
    if (!is_element(node) || tag_of(node) != "head") continue;
    for (const xmlNode* child = node->children; child; child = child->next)
      if (is_element(child) && tag_of(child) == "title" && child->children && child->children->content) {
        std::string out;
        for (const char* p = reinterpret_cast<const char*>(child->children->content); *p; ++p) {
          const bool space = *p == ' ' || *p == '\n' || *p == '\t' || *p == '\r';
          if (!space)
            out += *p;
          else if (!out.empty() && out.back() != ' ')
            out += ' ';
        }
        while (!out.empty() && out.back() == ' ') out.pop_back();
        return out;
      }
  }
  return "";
}

}  // namespace

std::string html_to_text(std::string_view html, const HtmlOptions& options) {
  static std::once_flag once;
  std::call_once(once, xmlInitParser);
  if (html.empty() || html.size() > (size_t{1} << 30)) return "";
  std::string repaired;
  const char* encoding = nullptr;
  if (is_valid_utf8(html)) {
    encoding = "UTF-8";
  } else {
    std::string head(html.substr(0, 4096));
    for (char& c : head) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (head.find("charset") == head.npos || head.find("utf-8") != head.npos) {
      repaired = clean_text(html);
      html = repaired;
      encoding = "UTF-8";
    }
  }
  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
      htmlReadMemory(
          html.data(), int(html.size()), nullptr, encoding,
          HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT),
      &xmlFreeDoc);
  const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (!root) return "";

  std::vector<Block> blocks = Walker({}, options.whole_page).walk(root);
  if (!options.whole_page) {
    ScoreTable scores;
    const xmlNode* main = main_element(blocks, scores);
    if (main) {
      const NodeSet left_out = surroundings(main, scores, scores[main].bytes);
      std::vector<Block> kept = Walker(left_out, false).walk(main);
      // Paragraphs beside the chosen element belong to it when they look like it.
      if (const xmlNode* parent = main->parent; parent && is_element(parent) && tag_of(main) != "body") {
        std::vector<Block> before, after;
        bool passed = false;
        for (Block& block : blocks) {
          if (within(block.parent, main)) {
            passed = true;
          } else if (block.kind == Block::Paragraph && block.text.size() > 80 && block.link_density() < 0.2 &&
                     block.parent && (block.parent->parent == parent || block.parent == parent)) {
            (passed ? after : before).push_back(std::move(block));
          }
        }
        kept.insert(kept.begin(), before.begin(), before.end());
        kept.insert(kept.end(), after.begin(), after.end());
      }
      blocks = std::move(kept);
    }
  }
  std::erase_if(blocks, [](const Block& b) { return b.link_density() > 0.6 && b.text.size() < 400; });
  // A heading with nothing under it is a leftover.
  while (!blocks.empty() && blocks.back().kind == Block::Heading && blocks.size() > 1) blocks.pop_back();
  std::string text = join(blocks);
  if (options.keep_title && !text.empty()) {
    const std::string title = title_of(root);
    const bool said = !blocks.empty() && (title.starts_with(blocks[0].text) || blocks[0].text.starts_with(title));
    if (!title.empty() && !said) text = title + "\n\n" + text;
  }
  return clean_text(text);
}

}  // namespace quern
