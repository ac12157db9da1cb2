// SPDX-License-Identifier: MIT
// One fact, told in a sentence: s.RELATION with {a} the subject, {v} the value, {k} the kind of a pet, {town}.
// p.RELATION is the predicate alone, to be joined with others.
#include "data/village/templates.h"

namespace quern::village {

const char* const kFactsEn = R"(
#s.office
[k.office]
[k.office]
The {v} of {town} <be> {a}.
{town} <have> a* {v}, and {a.his} name <be> {a}.
{a} <have> long been the {v} of {town}.
(Everybody in|All of|The whole of) {town} <know> {a}, the {v}.
If you need the {v} of {town}, ask for {a}.
! In {town} the work of the {v} <be> done by {a}.
#p.office = <be> the {v} of {town} | <work> as the {v} of {town}

#s.trade
[k.trade]
[k.trade]
{a} <be> a* {v}, and a good one.
{a} <have> worked as a* {v} (for years|for a long time|since {a.he} <be.past> young).
{a} <earn> {a.his} bread as a* {v}.
! {a} <make> a living as a* {v}.
#p.trade = <be> a* {v} | <work> as a* {v}

#s.street
[k.street]
[k.street]
The house of {a} <stand> on {v}.
You <can> find {a} on {v}.
{a} <live> in a (small|little|tall|low|white|stone|narrow) house on {v}.
On {v} <live> {a}.
! {a} <have> {a.his} home on {v}.
#p.street = <live> on {v} | <have> a house on {v}

#s.number
[k.number]
[k.number]
The house of {a} <bear> the number {v}.
The number on the door of {a} <be> {v}.
! Knock at number {v} to find {a}.
#p.number = <live> at number {v} | <live> in house number {v}

#s.likes
[k.likes]
[k.likes]
{a} <like> {v} (very much|more than anything|best of all|above all).
What {a} <like> best <be> {v}.
If you visit {a}, bring {v}.
{a} <can.past> eat {v} every day.
! Nothing <please> {a} more than {v}.
#p.likes = <like> {v} | <love> {v}

#s.keeps
[k.keeps]
[k.keeps]
{a} <have> {v.pl} (behind the house|in the barn|near the house).
In the yard of {a} there <be.pl> {v.pl}.
The {v.pl} (near the gate|in the yard|behind the barn) <belong.pl> to {a}.
{a} <feed> {a.his} {v.pl} (every morning|at dawn|before breakfast|every day).
! {a} <raise> {v.pl}.
#p.keeps = <keep> {v.pl} | <have> {v.pl} | <look> after {v.pl}

#s.pet
[k.pet]
[k.pet]
The name of the {k} of {a} <be> {v}.
{v} <be> the {k} of {a}.
{a} <go> nowhere without {a.his} {k} {v}.
{a} <call> {a.his} {k} {v}.
! A {k} called {v} <follow> {a} everywhere.
#p.pet = <have> a {k} called {v}

#s.skill
[k.skill]
[k.skill]
{a} can {v} (well|very well|better than most).
{a} <love> to {v}.
! {a} <be> good at it when asked to {v}.
#p.skill = can {v} | <know> how to {v} | <love> to {v}

#s.hair
[k.hair]
[k.hair]
You <can> know {a} by {a.his} {v} hair.
{a} <have> {v} hair and a (kind|broad|thin|round|merry) face.
! {v} <be> the colour of the hair of {a}.
#p.hair = <have> {v} hair

#s.born
[k.born]
[k.born]
{a} was a child of the year {v}.
! The birth of {a} was in the year {v}.
#p.born = was born in the year {v}

#s.month
[k.month]
[k.month]
In {v} {a} <have> {a.his} birthday.
! The month of the birth of {a} <be> {v}.
#p.month = was born in {v}

#s.owns
[k.owns]
[k.owns]
There <be> a* {v} in the house of {a}.
{a} <be> proud of {a.his} {v}.
! A* {v} <belong> to {a}.
#p.owns = <have> a* {v} | <own> a* {v}

#s.father
[k.father]
[k.father]
{a} <have> {v} for a father.
! {a} <call> {v} father.
#p.father = <be> a child of {v}

#s.mother
[k.mother]
[k.mother]
{a} <have> {v} for a mother.
! {a} <call> {v} mother.
#p.mother = <be> a child of {v}

#s.wife
[k.wife]
[k.wife]
{a} and {v} <be.pl> husband and wife.
! {a} <have> {v} for a wife.
#p.wife = <be> married to {v}

#s.friend
[k.friend]
[k.friend]
{a} and {v} <be.pl> friends.
{a} <tell> everything to {a.his} friend {v}.
! Of all friends {a} <like> {v} best.
#p.friend = <be> a friend of {v}

#s.master
[k.master]
[k.master]
{v} <have> an apprentice called {a}.
! {v} <teach> {a} a trade.
#p.master = <learn> from {v}

#s.died
[k.died]
[k.died]
The year {v} was the last of {a}.
They buried {a} in the year {v}.
! In the year {v} {a} died.
#p.died = died in the year {v}

#s.clause
{a} {v}.
Everybody <know> that {a} {v}.
It <be> said that {a} {v}.
People say that {a} {v}.
! They tell us that {a} {v}.
#p.clause = {v}

#s.river
The river of {town} <be> called the {v}.
The river {v} runs through {town}.
{town} lies on the river {v}.
The {v} turns the wheels of the mill of {town}.
! The {v} <be> the river of {town}.
#p.river = lies on the river {v}

#s.inn
The inn of {town} <be> called the {v}.
The {v} <be> the inn of {town}.
Travellers in {town} sleep at the {v}.
{town} <have> one inn, the {v}.
! If you stay the night in {town}, sleep at the {v}.
#p.inn = <have> an inn called the {v}

#s.market_day
The market of {town} <be> on {v}.
{v} <be> market day in {town}.
Every {v} there <be> a market in {town}.
In {town} people buy and sell on {v}.
! The stalls of {town} open on {v}.
#p.market_day = holds its market on {v}

#s.founder
{town} was founded by {v}.
{v} founded {town}.
The founder of {town} was {v}.
The first house of {town} was built by {v}.
! It was {v} who founded {town}.
#p.founder = was founded by {v}

#s.elder
The elder of {town} <be> {v}.
{v} <be> the elder of {town}.
{town} <have> an elder, {v}.
In {town} the elder <be> {v}.
! {v} speaks for {town} as its elder.
#p.elder = <have> {v} for an elder

#s.festival_month
{a} <be> in {v}.
{town} keeps {a} in {v}.
{a} comes in {v}.
In {v} {town} keeps {a}.
Every {v} the people of {town} keep {a}.
! The month of {a} <be> {v}.
#p.festival_month = <be> in {v}

#s.festival_place
{a} <be> held at the {v}.
On {a} all of {town} meets at the {v}.
The place of {a} <be> the {v}.
People keep {a} at the {v}.
! The people of {town} gather at the {v} for {a}.
#p.festival_place = <be> held at the {v}

#s.price
A* {a} costs {v} pence in {town}.
In {town} a* {a} costs {v} pence.
The price of a* {a} in {town} <be> {v} pence.
At the market of {town} you pay {v} pence for a* {a}.
{v} pence buys a* {a} in {town}.
! They ask {v} pence for a* {a} in {town}.
#p.price = costs {v} pence
)";

const char* const kQuestionsEn = R"(
#q.office
What is the work of {a}?
What does {a} do in {town}?
Tell me what {a} does in {town}.
! Please tell me what {a} does in {town}.
#q.trade
What is the trade of {a}?
What is the work of {a}?
Tell me the trade of {a}.
Which trade does {a} have?
! Please tell me the trade of {a}.
#q.street
Where does {a} live?
On which street does {a} live?
Tell me where {a} lives.
Where is the house of {a}?
! Please tell me where {a} lives.
#q.number
What is the number of the house of {a}?
At which number does {a} live?
Tell me the number of the house of {a}.
! Please tell me the number of the house of {a}.
#q.likes
What does {a} like?
What does {a} like best?
What is the favourite food of {a}?
Tell me what {a} likes.
! Please tell me what {a} likes.
#q.keeps
What does {a} keep?
Which animals does {a} keep?
Tell me what {a} keeps.
Which animals does {a} have?
! Please tell me what {a} keeps.
#q.pet
What is the {k} of {a} called?
What is the name of the {k} of {a}?
Tell me the name of the {k} of {a}.
! Please tell me the name of the {k} of {a}.
#q.skill
What can {a} do?
What does {a} know how to do?
Tell me what {a} can do.
! Please tell me what {a} can do.
#q.hair
What colour is the hair of {a}?
Tell me the colour of the hair of {a}.
! Please tell me the colour of the hair of {a}.
#q.born
When was {a} born?
In which year was {a} born?
Tell me when {a} was born.
! Please tell me when {a} was born.
#q.month
In which month was {a} born?
In which month is the birthday of {a}?
Tell me the month when {a} was born.
! Please tell me the month when {a} was born.
#q.owns
What does {a} own?
Which thing does {a} have?
Tell me what {a} owns.
! Please tell me what {a} owns.
#q.father
Who is the father of {a}?
Tell me who the father of {a} is.
! Please tell me who the father of {a} is.
#q.mother
Who is the mother of {a}?
What is the name of the mother of {a}?
Tell me who the mother of {a} is.
! Please tell me who the mother of {a} is.
#q.wife
Who is the wife of {a}?
To whom is {a} married?
What is the name of the wife of {a}?
! Please tell me who the wife of {a} is.
#q.friend
Who is the friend of {a}?
Tell me who the friend of {a} is.
! Please tell me who the friend of {a} is.
#q.master
Who is the master of {a}?
Who teaches {a}?
Tell me who the master of {a} is.
! Please tell me who the master of {a} is.
#q.died
When did {a} die?
In which year did {a} die?
Tell me when {a} died.
! Please tell me when {a} died.
#q.clause
What do people say of {a}?
What is said of {a}?
What do you know of {a}?
Tell me something about {a}.
! Please tell me something about {a}.
#q.river
What is the river of {town} called?
What is the name of the river of {town}?
On which river does {town} lie?
Tell me the name of the river of {town}.
! Please tell me the name of the river of {town}.
#q.inn
What is the inn of {town} called?
What is the name of the inn of {town}?
Where do travellers sleep in {town}?
Tell me the name of the inn of {town}.
! Please tell me the name of the inn of {town}.
#q.market_day
When is the market of {town}?
On which day is the market of {town}?
Which day is market day in {town}?
Tell me the day of the market of {town}.
! Please tell me the day of the market of {town}.
#q.founder
Who founded {town}?
Who was the founder of {town}?
Who built the first house of {town}?
Tell me who founded {town}.
! Please tell me who founded {town}.
#q.elder
Who is the elder of {town}?
What is the name of the elder of {town}?
How is the elder of {town} called?
Tell me who the elder of {town} is.
! Please tell me who the elder of {town} is.
#q.festival_month
When is {a}?
In which month is {a}?
Which month has {a}?
Tell me the month of {a}.
! Please tell me the month of {a}.
#q.festival_place
Where is {a} held?
At which place is {a} held?
Where do people keep {a}?
Tell me where {a} is held.
! Please tell me where {a} is held.
#q.price
What does a* {a} cost in {town}?
How much is a* {a} in {town}?
What is the price of a* {a} in {town}?
Tell me the price of a* {a} in {town}.
! Please tell me the price of a* {a} in {town}.

#r.office
Who is the {v} of {town}?
What is the name of the {v} of {town}?
Who works as the {v} of {town}?
How is the {v} of {town} called?
Tell me who the {v} of {town} is.
! Please tell me who the {v} of {town} is.
#r.trade
Who is a* {v}?
Who works as a* {v}?
Tell me who is a* {v}.
! Please tell me who is a* {v}.
#r.street
Who lives on {v}?
Tell me who lives on {v}.
! Please tell me who lives on {v}.
#r.likes
Who likes {v}?
Who loves {v}?
Tell me who likes {v}.
! Please tell me who likes {v}.
#r.keeps
Who keeps {v.pl}?
Who has {v.pl}?
Tell me who keeps {v.pl}.
! Please tell me who keeps {v.pl}.
#r.pet
Who has a {k} called {v}?
Whose {k} is called {v}?
Tell me who has a {k} called {v}.
! Please tell me who has a {k} called {v}.
#r.skill
Who can {v}?
Who knows how to {v}?
Tell me who can {v}.
! Please tell me who can {v}.
#r.hair
Who has {v} hair?
Tell me who has {v} hair.
! Please tell me who has {v} hair.
#r.owns
Who has a* {v}?
Who owns a* {v}?
Tell me who has a* {v}.
! Please tell me who has a* {v}.
)";

}  // namespace quern::village
