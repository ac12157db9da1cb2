// SPDX-License-Identifier: MIT
// Chinese: the market, sums, and puzzles with characters and words.
#include "data/village/templates.h"

namespace quern::village {

const char* const kMarketZh = R"(
#price.item
{g}{n}文
{g}每{g.m}{n}文
#price.sentence
一{g.m}{g}{n}文。
{g}每{g.m}{n}文。
买一{g.m}{g}要{n}文。
一{g.m}{g}卖{n}文。
! {n}文可以买一{g.m}{g}。
#price.head = 今天的价钱： | 集市上： | 牌子上写着： | 这个星期的价钱：
#price.ask
一{g.m}{g}多少文？
{g}多少文？
买一{g.m}{g}要多少文？
{g}的价钱是多少？
! 说说{g}的价钱。

#change.tell
{a}买一{g.m}{g}，{n}文，付了{p}文。
一{g.m}{g}{n}文，{a}付了{p}文。
{a}要一{g.m}{g}。价钱是{n}文。{a.he}给了{p}文。
{g}每{g.m}{n}文，{a}给了{p}文。
! {a}拿出{p}文，买{n}文的{g}。
#change.ask
要找给{a}多少文？
找回多少文？
{a}拿回多少文？
! 说说找回多少文。
#change.work = {p} - {n} = {c}。答案：{c}文。

#total.tell
一{g.m}{g}{n}文，一{h.m}{h}{m}文。
{g}每{g.m}{n}文，{h}每{h.m}{m}文。
{a}买了一{g.m}{g}，{n}文，又买了一{h.m}{h}，{m}文。
! {n}文一{g.m}{g}，{m}文一{h.m}{h}。
#total.ask
两样一共多少文？
{g}和{h}一共多少文？
一共要付多少文？
! 说说两样一共多少文。
#total.work = {n} + {m} = {c}。答案：{c}文。

#times.tell
一{g.m}{g}{n}文。
{g}每{g.m}{n}文。
{a}卖{g}，每{g.m}{n}文。
! {n}文可以买一{g.m}{g}。
#times.ask
{k}{g.m}{g}多少文？
买{k}{g.m}{g}要付多少文？
{k}{g.m}{g}的价钱是多少？
! 说说{k}{g.m}{g}的价钱。
#times.work = {k} x {n} = {c}。答案：{c}文。

#more.tell
{a}有{n}{v.m}{v}，又(买|得|找)到{m}{v.m}。
{a}有{n}{v.m}{v}。{b}又给{a.he}{m}{v.m}。
院子里有{n}{v.m}{v}，又来了{m}{v.m}。
! {a}有{n}{v.m}{v}，再加上{m}{v.m}。
#less.tell
{a}有{n}{v.m}{v}，(卖掉|丢了|送走)了{m}{v.m}。
{a}有{n}{v.m}{v}。{a.he}给了{b}{m}{v.m}。
院子里有{n}{v.m}{v}，跑了{m}{v.m}。
! {a}有{n}{v.m}{v}，少了{m}{v.m}。
#more.ask
现在有多少{v.m}{v}？
一共有多少{v.m}{v}？
! 说说现在有多少{v.m}{v}。
#less.ask
现在有多少{v.m}{v}？
还剩多少{v.m}{v}？
! 说说还剩多少{v.m}{v}。
#more.work = {n} + {m} = {c}。答案：{c}。
#less.work = {n} - {m} = {c}。答案：{c}。

#compare.tell
{a}有{n}{v.m}{v}。{b}有{m}{v.m}{v}。
{a}有{n}{v.m}{v}，{b}有{m}{v.m}{v}。
{a}养了{n}{v.m}{v}，{b}养了{m}{v.m}{v}。
! {n}{v.m}{v}是{a}的，{m}{v.m}{v}是{b}的。
#compare.more
谁的{v}多？
谁有更多的{v}？
说说谁有更多的{v}。
! 说说谁的{v}多。
#compare.fewer
谁的{v}少？
谁的{v}更少？
说说谁的{v}更少。
! 说说谁的{v}少。
#compare.work_more = 第一{n}，第二{m}。多的是第{o}。答案：{r}。
#compare.work_fewer = 第一{n}，第二{m}。少的是第{o}。答案：{r}。

#sum.ask
{n} + {m}是多少？
{n} + {m}等于几？
{n} + {m} = ？
算一算：{n} + {m}
{n}加{m}是多少？
{n}加{m}的和是多少？
求{n} + {m}是多少。
! 求{n} + {m}的和。
#sum.story
{a}有{n}{v.m}{v}，{b}有{m}{v.m}{v}，一共多少{v.m}？
谷仓里有{n}{v.m}{v}，院子里有{m}{v.m}{v}，一共多少{v.m}？
{a}星期一卖了{n}{g.m}{g}，星期二卖了{m}{g.m}{g}，一共多少{g.m}？
! {a}先数到{n}{v.m}{v}，又数到{m}{v.m}{v}，一共多少{v.m}？
)";

const char* const kPuzzlesZh = R"(
#a.spell = 是{l}。
#a.join = 是{w}。
#a.reverse = 是{r}。
#a.count_letters = 数一数：{r}。答案：{n}。
#a.first_letter = 字是{l}。第一个是{r}。
#a.last_letter = 字是{l}。最后是{r}。
#a.alphabet = {r}在前。答案：{r}。
#a.after = {l}之后是{r}。
#a.before = {l}之前是{r}。
#a.kind = {x}：{xk}，{y}：{yk}，{z}：{zk}。答案：{r}。
#a.opposite = {w}的反义词是{r}。
#a.plural = 一{r}{w}。答案：{r}。
#primer.times = {k} x {n} = {c}。
#primer.plus = {n} + {m} = {c}。
#primer.minus = {p} - {n} = {c}。
#primer.more = {p}比{q}多。 | {q}比{p}少。
#primer.spell = {w}：{l}
#primer.join = {l}合起来是{w}。 | {w}的字是{l}。
#primer.reverse = {l}倒过来是{r}。
#primer.after = {l}之后是{r}。
#primer.before = {l}之前是{r}。
#primer.opposite = {w}的反义词是{r}。 | {r}的反义词是{w}。
#primer.plural = 一{r}{w}。
#primer.kind = {w}：{k}
#primer.head_times = 乘法： | {k}的乘法表： | 学一学{k}的乘法。
#primer.head_sums = 算术： | 学一学加减。 | 学堂的算术：
#primer.head_letters = 认字： | 学认字。 | 认字书上：
#primer.head_kinds = 东西的种类： | 什么是什么：
#primer.head_words = 词语： | 词语书上： | 学一学这些词。
#spell.ask
把{w}一个字一个字写出来。
{w}有哪几个字？
{w}拆开是哪几个字？
把{w}拆成字。
请把{w}一个字一个字写出来。
! 请把{w}拆成字。
#join.ask
{l}合起来是什么？
把这些字连起来：{l}
把{l}连成词。
请把这些字连起来：{l}
{l}是什么词？
! 请把{l}连成词。
#first.ask
{w}的第一个字是什么？
{w}这个词的第一个字是什么？
! 说说{w}的第一个字。
#first.given
{l}里第一个字是什么？
这几个字是{l}，第一个字是什么？
! 说说{l}里的第一个字。
#last.ask
{w}的最后一个字是什么？
{w}这个词的最后一个字是什么？
! 说说{w}的最后一个字。
#last.given
{l}里最后一个字是什么？
这几个字是{l}，最后一个字是什么？
! 说说{l}里的最后一个字。
#reverse.ask
把{l}倒过来写。
{l}倒过来是什么？
从后往前写：{l}
! 请把{l}反过来。
#count.letters
{l}有几个字？
数一数{l}有几个字。
! 说说{l}有几个字。
#alphabet.words
{w}和{x}，哪个月在前？
{w}和{x}，哪个早？
! 说说{w}和{x}哪个月在前。
#kind.not
哪个不是{k}：{x}、{y}还是{z}？
{x}、{y}、{z}，哪个不是{k}？
! 说说哪个不是{k}：{x}、{y}、{z}。
#kind.is
哪个是{k}：{x}、{y}还是{z}？
{x}、{y}、{z}，哪个是{k}？
! 说说哪个是{k}：{x}、{y}、{z}。
#day.after
{d}的后一天是星期几？
{d}过后是星期几？
今天是{d}，明天是星期几？
! 说说{d}的后一天。
#day.before
{d}的前一天是星期几？
今天是{d}，昨天是星期几？
! 说说{d}的前一天。
#month.after
{d}的下一个月是几月？
{d}过后是几月？
! 说说{d}的下一个月。
#month.before
{d}的上一个月是几月？
{d}前面是几月？
! 说说{d}的上一个月。
#opposite.ask
{w}的反义词是什么？
和{w}相反的是什么？
{w}的反面是什么？
说说和{w}相反的词。
! 说说{w}的反义词。
#plural.ask
一（几）{w}，用什么量词？
{w}的量词是什么？
数{w}用哪个量词？
说说数{w}用的量词。
! 说说{w}的量词。
)";

}  // namespace quern::village
