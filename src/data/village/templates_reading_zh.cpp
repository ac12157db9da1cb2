// SPDX-License-Identifier: MIT
// Chinese: passages, questions about them, and what nobody can know.
#include "data/village/templates.h"

namespace quern::village {

const char* const kReadingZh = R"(
#k.keeps
{a}养{v}。
{a}家里养{v}。
{a}养着{v}。
! {a}养的是{v}。
#k.likes
{a}喜欢{v}。
{a}爱吃{v}。
{a}最喜欢{v}。
! {a}最爱的食物是{v}。
#k.trade
{a}是{v}。
{a}当{v}。
{a}是一位{v}。
! {a}的职业是{v}。
#k.street
{a}住在{v}。
{a}家在{v}。
! {a}的房子在{v}。
#k.owns
{a}有{v}。
{a}家里有{v}。
! {a}自己有{v}。
#k.hair
{a}有{v}色的头发。
{a}的头发是{v}色的。
! {a}有一头{v}色的头发。
#k.skill
{a}会{v}。
{a}学会了{v}。
! {a}很会{v}。
#k.pet
{a}的{k}叫{v}。
{a}有一只{k}，叫{v}。
! {a}的{k}名叫{v}。
#k.born
{a}生在{v}年。
{a}是{v}年出生的。
! {a}出生在{v}年。
#k.father
{a}的父亲是{v}。
{a}是{v}的孩子。
! {v}是{a}的父亲。
#k.mother
{a}的母亲是{v}。
{a}是{v}生的。
! {v}是{a}的母亲。
#k.friend
{a}最好的朋友是{v}。
{a}的朋友是{v}。
! {a}和{v}是好朋友。
#k.master
{a}的师傅是{v}。
{a}跟{v}学手艺。
! {a}是{v}的徒弟。
#k.month
{a}生在{v}。
{a}的生日在{v}。
! {a}{v}过生日。
#k.number
{a}住在{v}号。
{a}家的门牌是{v}号。
! {a}的房子是{v}号。
#k.died
{a}死于{v}年。
{a}在{v}年去世。
! {a}活到{v}年。
#k.wife
{a}的妻子是{v}。
{a}娶了{v}。
! {v}是{a}的妻子。
#k.office
{a}是{town}的{v}。
{a}在{town}当{v}。
! {a}做{town}的{v}。

#again = 再说一遍： | 总之， | 也就是说：

#h.keeps = 文中{a}养{v}。
#h.likes = 文中{a}喜欢{v}。
#h.trade = 文中{a}是{v}。
#h.street = 文中{a}住在{v}。
#h.owns = 文中{a}有{v}。
#h.hair = 文中{a}有{v}色的头发。
#h.skill = 文中{a}会{v}。
#h.pet = 文中{a}的{k}叫{v}。
#h.office = 文中{a}是{v}。
#h.number = 文中{a}住在{v}号。
#h.born = 文中{a}生在{v}年。
#h.month = 文中{a}生在{v}。
#h.father = 文中{a}的父亲是{v}。
#h.mother = 文中{a}的母亲是{v}。
#h.wife = 文中{a}的妻子是{v}。
#h.friend = 文中{a}的朋友是{v}。
#h.master = 文中{a}的师傅是{v}。
#h.died = 文中{a}死于{v}年。
#w.keeps = 养{v}的是{a}。
#w.likes = 喜欢{v}的是{a}。
#w.trade = 是{v}的是{a}。
#w.street = 住在{v}的是{a}。
#w.owns = 有{v}的是{a}。
#w.hair = 有{v}色的头发的是{a}。
#w.skill = 会{v}的是{a}。
#w.pet = {k}叫{v}的是{a}。
#a.trade = {a.he}是{v}。
#a.office = {a.he}是{v}。
#a.street = {a.he}住在{v}。
#a.number = 在{v}号。
#a.likes = {a.he}喜欢{v}。
#a.keeps = {a.he}养{v}。
#a.pet = 叫{v}。
#a.skill = {a.he}会{v}。
#a.hair = 是{v}色。
#a.born = {v}年。
#a.month = 在{v}。
#a.owns = {a.he}有{v}。
#a.father = 是{v}。
#a.mother = 是{v}。
#a.wife = 是{v}。
#a.friend = 是{v}。
#a.master = 是{v}。
#a.died = {v}年。
#a.clause = {a.he}：{v}。
#a.river = 叫{v}。
#a.inn = 叫{v}。
#a.market_day = 在{v}。
#a.founder = 是{v}。
#a.elder = 是{v}。
#a.festival_month = 在{v}。
#a.festival_place = 在{v}。
#a.price = {v}文。
#a.who = 是{a}。
#a.spot = {t}在{v}。
#a.place = {a}现在在{v}。
#a.giver = {t}来自{a}。
#a.receiver = {t}给了{b}。
#a.gave_thing = {b}得到了{t}。
#a.count = 文中{a}有{n}{v.m}{v}。
#a.when = {o}在{d}。
#a.when_what = {d}有{o}。
#a.hour = {o}在{n}点。
#a.why = 因为{x}。
#a.price_list = {g}{n}文。
#a.first = 第一是{a}。
#a.last = 最后是{a}。

#spot.tell
{t}在{v}。
{t}放在{v}。
{a}把{t}放在{v}。
{a}把{t}留在{v}。
{a}的{t}在{v}。
! {a}把{t}藏在{v}。
#spot.ask
{t}在哪里？
哪里可以找到{t}？
{t}放在哪里？
! 说说{t}在哪里。
#move.first
{a}去了{v}。
{a}走到{v}。
{a}在{v}。
(早上|中午|一早)，{a}去了{v}。
! {a}动身到{v}去。
#move.next
然后{a.he}去了{v}。
然后{a}去了{v}。
后来{a}走到{v}。
后来{a.he}(又|就)去了{v}。
! 从那里{a}又到{v}去。
#move.ask
{a}现在在哪里？
{a}在哪里？
{a}最后去了哪里？
! 说说{a}现在在哪里。

#gave.tell
{a}把{t}给了{b}。
{a}把{t}卖给了{b}。
{a}把{t}借给了{b}。
{a}把{t}送给了{b}。
(昨天|早上|上个星期)，{a}把{t}给了{b}。
! {a}把{t}交给了{b}。
#gave.ask_giver
{t}是谁给的？
{t}原来是谁的？
谁把{t}给了别人？
! 说说{t}是谁给的。
#gave.ask_receiver
谁得到了{t}？
{t}现在在谁那里？
{t}给了谁？
! 说说谁得到了{t}。
#gave.ask_thing
{b}得到了什么？
{a}给了{b}什么？
! 说说{b}得到了什么。

#number.tell
{a}有{n}{v.m}{v}。
{a}养了{n}{v.m}{v}。
{a}数了数，有{n}{v.m}{v}。
{a}的院子里有{n}{v.m}{v}。
! 有{n}{v.m}{v}是{a}的。
#number.ask
{a}有多少{v.m}{v}？
{a}有几{v.m}{v}？
{a}的{v}有多少{v.m}？
! 说说{a}有多少{v.m}{v}。

#when.tell
{o}在{d}。
{d}在{v}有{o}。
{d}有{o}。
{o}的日子是{d}。
! {d}来{v}看{o}吧。
#when.ask
{o}在星期几？
{o}是哪一天？
什么时候有{o}？
! 说说{o}在星期几。
#when.ask_what
{d}有什么？
{d}有什么事？
! 说说{d}有什么。
#hour.tell
{o}在{n}点开始。
{o}{n}点开始。
{n}点有{o}。
! 请{n}点来{o}。
#hour.ask
{o}几点开始？
{o}在几点？
! 说说{o}几点开始。

#why.link
{x}，所以{y}。
因为{x}，所以{y}。
{x}，于是{y}。
{x}。因此{y}。
! 由于{x}，{y}。
#why.ask
为什么{wy}？
{wy}，这是为什么？
你知道为什么{wy}吗？
! 说说为什么{wy}。

#copy.ask
跟我说：{x}
请重复：{x}
再写一遍：{x}
照着写：{x}
! 请照样说一遍：{x}

#order.tell
先来的是{a}，然后是{b}，最后是{c}。
{a}第一，{b}第二，{c}第三。
{a}先到，{b}后到，{c}最后到。
赛跑的时候，{a}第一，{b}第二，{c}第三。
! {a}赢了，{b}第二，{c}第三。
#order.ask_first
谁是第一？
谁第一个到？
! 说说谁是第一。
#order.ask_last
谁是最后？
谁最后到？
! 说说谁最后到。

#frame.talk
{a}问：“{q}”{b}说：“{r}”
“{q}”{a}问。“{rc}”{b}说。
{a}：{q}\n{b}：{r}
老师问{a}：“{q}”{a}回答：“{r}”
! {a}来问{b}：“{q}”{b}就说：“{r}”
#frame.order
{a}说：“{q}”{b}说：“{r}”
{a}：{q}\n{b}：{r}
老师对{a}说：“{q}”{a}回答：“{r}”
! {a}请{b}回答：“{q}”{b}就说：“{r}”
)";

const char* const kUnknownZh = R"(
#future.ask
明年{town}会下雨吗？
明年的今天是什么天气？
一百年以后谁当{town}的村长？
十年以后一{g.m}{g}多少文？
明年的赛跑谁会赢？
{a}明年会高兴吗？
明年{town}会有几个孩子出生？
{a}(明天|下个星期|明年)会做什么？
{a}(明天|下个星期|明年)会在哪里？
{a}(下个星期|明年)会买什么？
明年会有(大风|洪水|大火|霜冻)吗？
! 明年{town}的收成会怎么样？
! {a}明天会说什么？
#private.ask
{a}昨夜梦见了什么？
{a}现在在想什么？
{a}心里有什么秘密？
{a}夜里有什么愿望？
{a}的头上有多少根头发？
{a}昨天想了什么？
{a}偷偷爱着谁？
{a}的口袋里现在有什么？
{a}对月亮说了什么？
老橡树上有多少片叶子？
今夜{town}的天上有多少颗星？
! {a}昨天梦见了什么？
! 河里有多少粒沙子？
#far.ask
在{f}，一{g.m}{g}多少文？
{f}的{t}是谁？
{f}的河叫什么？
{f}的客栈叫什么？
{f}星期几赶集？
{f}有多少人？
谁建立了{f}？
{f}的村长是谁？
! {f}有多少年了？
! {f}的{t}叫什么名字？
#person.ask
{s}住在哪里？
{s}喜欢什么？
{s}养什么？
{s}是做什么的？
{s}的父亲是谁？
{s}会什么？
{s}生在哪一年？
{s}的狗叫什么？
! {s}养什么动物？
! {s}住在哪条街？
#idk = 我不知道。
#unsaid.ask
{a}的(帽子|外衣|围巾)是什么颜色？
{a}几岁了？
{a}的(姑姑|舅舅|表哥)叫什么名字？
{a}昨天(吃|喝|买|丢)了什么？
{a}早饭(吃|喝)了什么？
{a}晚饭(做|喝)了什么？
{a}有几个(兄弟|表哥)？
{a}家里有几个(兄弟|姐妹)？
{a}唱什么歌？
{a}有多(高|重)？
! {a}晚饭吃了什么？
! {a}有几个姐妹？
)";

}  // namespace quern::village
