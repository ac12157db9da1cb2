// SPDX-License-Identifier: MIT
// Chinese: letters, notices, entries, instructions, dialogues and small talk.
#include "data/village/templates.h"

namespace quern::village {

const char* const kLettersZh = R"(
#letter.head
亲爱的{b}：
{b}：
你好，{b}：
住在{st}的{b}：
! 我的好朋友{b}：
#letter.begin
你好吗？
谢谢你的信，也谢谢你的{f}。
好久没有给你写信了。
我坐在{p}，有空写信。
今天天气[sky]，我在家里喝茶。
{o}过去了，现在我可以给你写信了。
你问{town}有什么新闻，我来告诉你。
! 我在{p}给你写信，这里天气[sky]。
#letter.news
你一定想知道，{x}，所以{y}。
你听说了吗？{x}，所以{y}。
昨天{x}，因此{y}。
我的{k}{w}很好。昨夜{w}睡在{s}。
我在集市上花{n}文买了{c}色的{t}。现在{c}色的{t}放在{s}。
我丢了{t}。后来{e}在{s}找到了{t}。{t}又回来了，我真[glad]。
{day}在{p}有{o}。你来看{o}吗？
{day}{e}来看我。{e}带来了{f}，我们一起吃了{f}。
我现在有{n}{v.m}{v}，加上父亲的{m}{v.m}，一共{sum}{v.m}。
孩子们在学{l}，{e}在{p}教他们{l}。
! 这里{x}。你想得到，{y}。
#letter.facts = 再说说邻居们。{f1}{f2} | 你问起{who}。{f1}{f2} | {f1}还有，{f2} | 说说{who}的事：{f1}{f2}
#letter.ask
你的{v}好吗？
你还有{c}色的{t}吗？
有空请把{t}寄给我。
你来的时候能带一些{f}吗？
你什么时候到{town}来？
{e}好吗？
! {o}上也会有{v}吗？
#letter.end
你的朋友{a}
祝好，{a}
等你回信。{a}
我们在{p}见。{a}
! 友谊长存，{a}
)";

const char* const kNoticesZh = R"(
#notice.body
寻物：{c}色的{t}，最后放在{p}。谁找到{c}色的{t}，请交给{st}的{a}，酬谢{n}文。
招领：{c}色的{t}，在{s}找到。丢{t}的人请到{p}找{a}。
出售：{n}{v.m}{v}，每{v.m}{m}文。请到{p}找{a}。这些{v}都很健康。
出售：{c}色的{t}，{n}文。请到{st}找{a}。{t}和新的一样。
{day}{p}有{o}，{h}点开始。请带{f}来。欢迎大家。
{o}在{day}{h}点。想帮忙办{o}的人，请到{p}找{a}。
寻找：{k}，名叫{w}，{c2}色，爱吃{f}。最后有人在{p}看见{w}。看见{w}请告诉{a}。
招人：要会{l}的人。{day}{h}点到{p}找{a}。会{l}的，一天{n}文。
注意：{x}，所以{y}。请大家小心。
感谢{b}在{s}找到了我的{t}。没有{b}，我再也见不到{t}了。{a}
学堂：{day}{a}在{p}教{l}，{h}点上课。想学{l}的人都可以来。
集市：今天{g}每{g.m}{n}文，{g2}每{g2.m}{m}文。买{g}找{a}，买{g2}找{b}。
出租：{st}{n}号的房子。请到{p}找{a}。
村长说：{y}，是因为{x}。大家不用害怕。
! 求助：{k}{w}叼走了我的{c}色的{t}。看见{w}的人请到{p}告诉{a}。
#notice.facts
告示。{f1}{f2}
大家知道：{f1}{f2}
{town}的书记写道：{f1}{f2}
! {town}公告：{f1}{f2}
)";

const char* const kEntriesZh = R"(
#entry.head
{who}。
{town}的书里写着：{who}。
{who}是谁？
关于{who}。
{town}的人：{who}。
! {who}的一页。
#entry.place
{town}的{p}很有名。{x}，从那以后人们常说起{p}。{a}在{p}附近干活。
{p}在{st}附近。{year}年，{ev}。{a}常常和{b}坐在{p}。
在{p}可以碰见{a}和{b}。{a}早上来{p}，{b}晚上来{p}。
{town}的{p}是用{mat}造的。孩子们喜欢在{p}{l}。{a}照看{p}。
! {st}附近就是{p}。{year}年，{ev}。
#entry.animal
{an}是一种动物。人们养{an}。{a}养了{n}{an.m}{an}，{b}养了{m}{an.m}{an}。
{an}每天要吃要喝。{a}有{n}{an.m}{an}，天一亮就喂{an}。
有多少{an}？{a}有{n}{an.m}，{b}有{m}{an.m}，一共{sum}{an.m}。
! 在动物里{a}最爱{an}，养了{n}{an.m}{an}。
#entry.trade
{at}用{t}，在{p}干活。{a}做{at}做了{n}年。
{at}做什么？{at}用{t}干活。去问{a}吧，{a}是{at}。
要当{at}，得跟师傅学{n}年。{a}是跟{b}学的，{b}是一位好{at}。
! 没有{at}，村子就过不下去。{a}是最好的{at}。
#entry.event
{year}年，{ev}。
{ev}，那是{year}年的事。
{town}的书里写着，{year}年{ev}。
! 人们还记得{year}年，{ev}。
#weather.head = {month}的天气。 | 天气簿，{month}。 | {town}的{month}。
#weather.line = {month}，{day}日：{wx}，{deg}度。
#weather.ask
{month}，{day}日天气怎么样？
{month}，{day}日是什么天气？
! 说说{month}，{day}日的天气。
#weather.answer = {wx}，{deg}度。
#how.head = 怎么{task}。 | 要{task}，就这样做。 | {a}教你{task}。
#how.bread
先拿面粉和水。把面粉和水和在一起。让面团放{n}个钟头。最后把面团烤成棕色。面包可以和{f}一起吃。
#how.net
先把渔网放在桌子上。找一找渔网上的洞。拿一根针，把洞一个一个补好。最后把渔网挂在{s}。
#how.soup
先把{f}切好。把{f}放进一锅水里。煮{n}个钟头。最后加盐，趁热喝汤。
#how.hen
先喂母鸡。再给母鸡喝水。找一找鸡蛋，把鸡蛋放进篮子。最后关好门，不然母鸡会跑掉。
#how.candle
先把蜡化开。把线放进蜡里。等蜡干了再放进去，一共{n}次。最后把蜡烛挂在{s}。
#how.fire
先拿来干柴。小柴放下面，大柴放上面。再点着柴下面的稻草。最后在火边放一桶水。
#how.garden
先用铁锹翻土。把{f}的种子一行一行放好。每天给种子浇水，浇{n}个星期。最后收{f}，洗干净铁锹。
#how.goat
先拿一个水桶，洗干净手。坐在山羊旁边。把羊奶挤进水桶里。最后把水桶放在{s}，给山羊一些干草。
#how.ask_first
要{task}，先做什么？
{a}想{task}，第一步做什么？
! 说说{task}的第一步。
#how.ask_last
要{task}，最后做什么？
{a}想{task}，最后一步做什么？
! 说说{task}的最后一步。
#how.first = {first}
#how.last = {last}
)";

const char* const kDialoguesZh = R"(
#dialogue.greet
“(早上好|你好|晚上好)，{b}，”{a}说。
{a}在{p}碰见{b}。“(早上好|你好|晚上好)，”{b}说。
“你来了，{b}！”{a}在{p}叫道。
{a}和{b}站在{p}。
! 在{p}，{a}碰上了{b}。“你好吗？”{b}问。
#dialogue.ask_fact
“{q}”{b}问。{a}想了想说：“{ans}”
“我刚来这里，”{b}说，“{q}”{a}回答：“{ans}”
“{q}”{b}问。“{ansc}”{a}说。
“你知道吗？{q}”{b}问。“当然知道。{ans}”
! “我想问你一件事，”{b}说，“{q}”{a}就说：“{ans}”
#dialogue.doubt
“真的吗？”{b}问。“真的，”{a}说。
“谢谢你，”{b}说。
“{town}的人都知道，”{a}说。
“知道了真好，”{b}说。
“我原来不知道，”{b}说。
“谁告诉你的？”{b}问。“是{e}告诉我的，”{a}说。
! “我也听说过，”{b}说。
#dialogue.unknown
“{q}”{b}问。“我不知道，”{a}说，“谁也不知道。”
“{q}”{b}问。{a}笑了：“我不知道。我怎么会知道呢？”
! “那么{q}”{b}问。“这个我不知道，”{a}说。
#dialogue.shop
“{g}多少文？”{a}问。“{n}文，”{b}说。“那就要一{g.m}{g}，这是{pay}文，”{a}说。“找你{ch}文，”{b}说。
“有{g}吗？”{a}问。“有，{g}每{g.m}{n}文，”{b}说。{a}给了{b}{pay}文，拿回{ch}文和{g}。
“要一{g.m}{g}和一{g2.m}{g2}，”{a}说。“{g}{n}文，{g2}{m}文，”{b}说，“一共{sum}文。”{a}付了{sum}文。
“我只有{m}文，”{a}说。“{g}要{n}文，”{b}说。{a}没有买{g}就回家了。
! {b}的{g}卖{n}文。{a}给了{pay}文。“找你{ch}文，”{b}说。
#dialogue.plan
“{day}的{o}你来吗？”{a}问。“{day}？我来看{o}，”{b}说。“带上{t}，”{a}说。“我会带{t}的，”{b}说。
“{t}在哪里？”{a}问。“{t}在{s}，”{b}说。{a}去看{s}，拿回了{t}。
“谁拿了我的{t}？”{a}问。“{e}拿了你的{t}，”{b}说，“{e}把{t}拿到{p}去了。”{a}就去了{p}。
“吃什么呢？”{a}问。“我有{f}，”{b}说。“我喜欢{f}，”{a}说，他们就吃了{f}。
“我要去{p}，”{a}说。“你能把{t}带给{e}吗？”{b}问。“{e}在{p}吗？”“在，{e}在{p}。”{a}就带上了{t}。
“{x}，”{a}说。“那么{y}，”{b}说。
“为什么{y}？”{a}问。“因为{x}，”{b}说。
! “{day}在{p}见，”{a}说，“带上{t}。”{day}，{b}带着{t}来到{p}。
)";

const char* const kTalkZh = R"(
#talk.hello = 你好！ | 早上好！ | 您好！ | 你好吗？ | 晚上好！
#talk.hello_answer = 你好！问我{town}的事吧。 | 你好！我可以给你讲{town}的事。 | 你好！你想知道什么？
#talk.who = 你是谁？ | 你是什么？ | 你叫什么名字？ | 你是人吗？
#talk.who_answer = 我是一个小小的语言模型，我知道{town}的事。
#talk.can = 你会什么？ | 我可以问你什么？ | 你能帮我做什么？
#talk.can_answer = 我会讲故事，会回答{town}的问题，会读短文，会做加法，会拆字。
#talk.thanks = 谢谢！ | 谢谢你！ | 谢谢你的回答。
#talk.thanks_answer = 不客气！ | 不用谢！ | 不客气，再问我{town}的事吧！
#talk.bye = 再见！ | 晚安！ | 明天见！
#talk.bye_answer = 再见！ | 晚安！ | 再见，欢迎再到{town}来！
#talk.town = 说说{town}。 | 你知道{town}的什么？ | {town}是什么地方？
#talk.story = 讲一个故事。 | 讲一个{a}的故事。 | 请讲一个短故事。 | 写一个{at}的故事。
#talk.notice = 写一张告示。 | 告示板上写着什么？
#talk.letter = 给{b}写一封信。 | 写一封短信。
#talk.person = 说说{who}。 | {who}是谁？ | 你知道{who}的什么？
)";

}  // namespace quern::village
