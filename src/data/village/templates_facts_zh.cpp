// SPDX-License-Identifier: MIT
// Chinese: one fact in a sentence, and how it is asked for. The groups are those of templates_facts_en.cpp.
#include "data/village/templates.h"

namespace quern::village {

const char* const kFactsZh = R"(
#s.office
[k.office]
[k.office]
{town}的{v}是{a}。
{town}有一位{v}，名叫{a}。
{town}的人都认识{v}{a}。
要找{town}的{v}，就去找{a}。
! 在{town}，{v}的活儿由{a}来做。
#p.office = 是{town}的{v} | 在{town}当{v}
#s.trade
[k.trade]
[k.trade]
{a}做{v}已经很多年了。
{a}靠当{v}过日子。
! {a}以{v}为业。
#p.trade = 是一位{v} | 当{v}
#s.street
[k.street]
[k.street]
在{v}可以找到{a}。
{v}上住着{a}。
{a}住在{v}的一座(小|白|高|旧|石头)房子里。
! {a}把家安在{v}。
#p.street = 住在{v} | 家在{v}
#s.number
[k.number]
[k.number]
{a}家在{v}号。
! {v}号是{a}的家。
#p.number = 住在{v}号
#s.likes
[k.likes]
[k.likes]
{a}非常喜欢{v}。
去看{a}，就带上{v}。
! 没有什么比{v}更让{a}高兴。
#p.likes = 喜欢{v} | 爱吃{v}
#s.keeps
[k.keeps]
[k.keeps]
{a}的院子里有{v}。
{a}每天(早上|清早|晚上)喂{v}。
(门口|院子里|谷仓后面)的{v}是{a}的。
! {a}饲养{v}。
#p.keeps = 养{v} | 养着{v}
#s.pet
[k.pet]
[k.pet]
{v}是{a}的{k}。
{a}走到哪里都带着{k}{v}。
! 有一只叫{v}的{k}总是跟着{a}。
#p.pet = 有一只{k}叫{v}
#s.skill
[k.skill]
[k.skill]
{a}常常{v}。
! 说到{v}，{a}很在行。
#p.skill = 会{v} | 学会了{v}
#s.hair
[k.hair]
[k.hair]
看那{v}色的头发，就知道是{a}。
! {v}色是{a}头发的颜色。
#p.hair = 有{v}色的头发
#s.born
[k.born]
[k.born]
{a}出生的那年是{v}年。
! {a}在{v}年来到世上。
#p.born = 生在{v}年
#s.month
[k.month]
[k.month]
{a}是{v}出生的。
! {v}里有{a}的生日。
#p.month = 生在{v}
#s.owns
[k.owns]
[k.owns]
{a}很爱自己的{v}。
{a}把{v}放在门边。
! {v}是{a}的东西。
#p.owns = 有{v} | 家里有{v}
#s.father
[k.father]
[k.father]
{a}是{v}家的孩子。
! {a}管{v}叫父亲。
#p.father = 是{v}的孩子
#s.mother
[k.mother]
[k.mother]
{a}是{v}的儿女。
! {a}管{v}叫母亲。
#p.mother = 是{v}的孩子
#s.wife
[k.wife]
[k.wife]
{a}和{v}是夫妻。
! {a}和妻子{v}一起过日子。
#p.wife = 娶了{v}
#s.friend
[k.friend]
[k.friend]
{a}有一个好朋友，叫{v}。
! {a}什么话都对朋友{v}说。
#p.friend = 是{v}的朋友
#s.master
[k.master]
[k.master]
{a}的手艺是{v}教的。
! {v}教{a}手艺。
#p.master = 跟{v}学手艺
#s.died
[k.died]
[k.died]
{v}年，{a}去世了。
! {v}年是{a}的最后一年。
#p.died = 死于{v}年
#s.clause
{a}：{v}。
大家都知道{a}：{v}。
#p.clause = {v}
#s.river
{town}的河叫{v}。
{v}流过{town}。
{town}在{v}边上。
! {v}是{town}的河。
#p.river = 在{v}边上
#s.inn
{town}的客栈叫{v}。
{v}是{town}的客栈。
过路人在{town}住{v}。
! 在{town}过夜，就住{v}。
#p.inn = 有客栈{v}
#s.market_day
{town}的集市在{v}。
{v}是{town}赶集的日子。
每到{v}，{town}就有集市。
! {town}的人{v}赶集。
#p.market_day = {v}赶集
#s.founder
{town}是{v}建立的。
{v}建立了{town}。
建立{town}的人是{v}。
! {town}的第一座房子是{v}盖的。
#p.founder = 是{v}建立的
#s.elder
{town}的村长是{v}。
{v}是{town}的村长。
在{town}当村长的是{v}。
! {v}替{town}当家，是村长。
#p.elder = 的村长是{v}
#s.festival_month
{a}在{v}。
{town}在{v}过{a}。
每年{v}，{town}都过{a}。
! {v}一到，就要过{a}。
#p.festival_month = 在{v}
#s.festival_place
{a}在{v}举行。
过{a}的时候，{town}的人都到{v}去。
{a}的地点是{v}。
! 大家在{v}过{a}。
#p.festival_place = 在{v}举行
#s.price
在{town}，一{a.m}{a}{v}文。
{town}的{a}一{a.m}{v}文。
在{town}买一{a.m}{a}要{v}文。
{town}集市上，{a}每{a.m}{v}文。
! 花{v}文，可以在{town}买一{a.m}{a}。
#p.price = {v}文
)";

const char* const kQuestionsZh = R"(
#q.office
{a}在{town}做什么？
{a}是做什么的？
{a}的职业是什么？
! 说说{a}是做什么的。
#q.trade
{a}是做什么的？
{a}的职业是什么？
{a}做什么工作？
! 说说{a}的职业。
#q.street
{a}住在哪里？
{a}住在哪条街？
{a}的房子在哪里？
{a}家在哪里？
! 说说{a}住在哪里。
#q.number
{a}住在几号？
{a}家的门牌是几号？
! 说说{a}住在几号。
#q.likes
{a}喜欢什么？
{a}最喜欢什么？
{a}爱吃什么？
{a}最爱的食物是什么？
! 说说{a}喜欢什么。
#q.keeps
{a}养什么？
{a}养的是什么？
{a}家里养什么？
{a}养什么动物？
! 说说{a}养什么。
#q.pet
{a}的{k}叫什么？
{a}的{k}叫什么名字？
! 说说{a}的{k}叫什么。
#q.skill
{a}会什么？
{a}会做什么？
{a}学会了什么？
! 说说{a}会什么。
#q.hair
{a}的头发是什么颜色？
{a}有什么颜色的头发？
! 说说{a}头发的颜色。
#q.born
{a}生在哪一年？
{a}是哪一年出生的？
! 说说{a}生在哪一年。
#q.month
{a}生在几月？
{a}的生日在几月？
{a}几月过生日？
! 说说{a}生在几月。
#q.owns
{a}有什么？
{a}家里有什么？
{a}有什么东西？
! 说说{a}有什么。
#q.father
{a}的父亲是谁？
谁是{a}的父亲？
! 说说{a}的父亲是谁。
#q.mother
{a}的母亲是谁？
谁是{a}的母亲？
! 说说{a}的母亲是谁。
#q.wife
{a}的妻子是谁？
谁是{a}的妻子？
{a}娶了谁？
! 说说{a}的妻子是谁。
#q.friend
{a}的朋友是谁？
{a}最好的朋友是谁？
! 说说{a}的朋友是谁。
#q.master
{a}的师傅是谁？
{a}跟谁学手艺？
! 说说{a}的师傅是谁。
#q.died
{a}死于哪一年？
{a}是哪一年去世的？
! 说说{a}死于哪一年。
#q.clause
关于{a}，你知道什么？
人们怎么说{a}？
#q.river
{town}的河叫什么？
哪条河流过{town}？
! 说说{town}的河叫什么。
#q.inn
{town}的客栈叫什么？
{town}的客栈叫什么名字？
! 说说{town}的客栈叫什么。
#q.market_day
{town}的集市在星期几？
{town}星期几赶集？
! 说说{town}星期几赶集。
#q.founder
{town}是谁建立的？
谁建立了{town}？
! 说说{town}是谁建立的。
#q.elder
{town}的村长是谁？
谁是{town}的村长？
! 说说{town}的村长是谁。
#q.festival_month
{a}在几月？
几月过{a}？
! 说说{a}在几月。
#q.festival_place
{a}在哪里举行？
在哪里过{a}？
! 说说{a}在哪里举行。
#q.price
在{town}，一{a.m}{a}多少文？
{town}的{a}一{a.m}多少文？
在{town}买一{a.m}{a}要多少文？
! 说说{town}的{a}一{a.m}多少文。

#r.office
谁是{town}的{v}？
{town}的{v}是谁？
谁在{town}当{v}？
{town}的{v}叫什么名字？
! 说说{town}的{v}是谁。
#r.trade
谁是{v}？
谁当{v}？
{v}是谁？
! 说说谁是{v}。
#r.street
谁住在{v}？
谁家在{v}？
谁的房子在{v}？
! 说说谁住在{v}。
#r.likes
谁喜欢{v}？
谁爱吃{v}？
! 说说谁喜欢{v}。
#r.keeps
谁养{v}？
谁家里养{v}？
! 说说谁养{v}。
#r.pet
谁的{k}叫{v}？
谁有一只叫{v}的{k}？
! 说说谁的{k}叫{v}。
#r.skill
谁会{v}？
谁学会了{v}？
! 说说谁会{v}。
#r.hair
谁有{v}色的头发？
谁的头发是{v}色的？
! 说说谁有{v}色的头发。
#r.owns
谁有{v}？
谁家里有{v}？
! 说说谁有{v}。
#r.month
谁生在{v}？
谁的生日在{v}？
! 说说谁生在{v}。
#r.number
谁住在{v}号？
! 说说谁住在{v}号。

)";

}  // namespace quern::village
