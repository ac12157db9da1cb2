// SPDX-License-Identifier: MIT
// One fact, told in a sentence: s.RELATION with {a} the subject, {v} the value, {k} the kind of a pet, {town}.
// p.RELATION is the predicate alone, to be joined with others.
#include "data/village/templates.h"

namespace quern::village {

const char* const kFactsEn = R"(
#s.office
{a} <be> the {v} of {town}.
{a} <be> the {v} in {town}, and a good one.
The {v} of {town} <be> {a}.
{town} <have> a* {v}, and {a.his} name <be> {a}.
{a} <work> as the {v} of {town}.
{a} <have> long been the {v} of {town}.
(Everybody in|All of|The whole of) {town} <know> {a}, the {v}.
If you need the {v} of {town}, ask for {a}.
! In {town} the work of the {v} <be> done by {a}.
#p.office = <be> the {v} of {town} | <work> as the {v} of {town}

#s.trade
{a} <be> a* {v}.
{a} <work> as a* {v}.
{a} <be> a* {v} by trade.
By trade {a} <be> a* {v}.
{a} <have> worked as a* {v} (for years|for a long time|since {a.he} <be.past> young).
{a} <earn> {a.his} bread as a* {v}.
! {a} <make> a living as a* {v}.
#p.trade = <be> a* {v} | <work> as a* {v}

#s.street
{a} <live> on {v}.
{a} <have> a house on {v}.
The house of {a} <stand> on {v}.
You <can> find {a} on {v}.
The home of {a} <be> on {v}.
{a} <live> in a (small|little|tall|low|white|stone|narrow) house on {v}.
On {v} <live> {a}.
! {a} <have> {a.his} home on {v}.
#p.street = <live> on {v} | <have> a house on {v}

#s.number
{a} <live> in house number {v}.
The house of {a} <bear> the number {v}.
The number on the door of {a} <be> {v}.
{a} <live> at number {v}.
! Number {v} <be> the house of {a}.
#p.number = <live> at number {v} | <live> in house number {v}

#s.likes
{a} <like> {v}.
{a} <love> {v}.
{a} <like> {v} (very much|more than anything|best of all|above all).
What {a} <like> best <be> {v}.
{a} <be> very fond of {v}.
The favourite food of {a} <be> {v}.
If you visit {a}, bring {v}.
{a} <can.past> eat {v} every day.
! Nothing <please> {a} more than {v}.
#p.likes = <like> {v} | <love> {v} | <be> fond of {v}

#s.keeps
{a} <keep> {v.pl}.
{a} <have> {v.pl} (behind the house|in the yard|in the barn|near the house).
In the yard of {a} there <be.pl> {v.pl}.
{a} <look> after {v.pl}.
The {v.pl} (near the gate|in the yard|behind the barn) <belong.pl> to {a}.
The animals of {a} <be.pl> {v.pl}.
{a} <feed> {a.his} {v.pl} (every morning|at dawn|before breakfast|every day).
! {a} <raise> {v.pl}.
#p.keeps = <keep> {v.pl} | <have> {v.pl} | <look> after {v.pl}

#s.pet
{a} <have> a {k} called {v}.
{a} <have> a {k} named {v}.
The {k} of {a} <be> called {v}.
The name of the {k} of {a} <be> {v}.
{v} <be> the {k} of {a}.
{a} <go> nowhere without {a.his} {k} {v}.
{a} <call> {a.his} {k} {v}.
! A {k} called {v} <follow> {a} everywhere.
#p.pet = <have> a {k} called {v} | <have> a {k} named {v}

#s.skill
{a} can {v}.
{a} can {v} (well|very well|better than most).
{a} <know> how to {v}.
{a} <have> learned to {v}.
{a} <love> to {v}.
! {a} <be> good at it when asked to {v}.
#p.skill = can {v} | <know> how to {v} | <love> to {v}

#s.hair
{a} <have> {v} hair.
The hair of {a} <be> {v}.
You <can> know {a} by {a.his} {v} hair.
{a} <have> {v} hair and a (kind|broad|thin|round|merry) face.
! {v} <be> the colour of the hair of {a}.
#p.hair = <have> {v} hair

#s.born
{a} was born in the year {v}.
{a} came into the world in the year {v}.
The year of the birth of {a} is {v}.
{a} was a child of the year {v}.
! The birth of {a} was in the year {v}.
#p.born = was born in the year {v}

#s.month
{a} was born in {v}.
The birthday of {a} <be> in {v}.
{a} <have> {a.his} birthday in {v}.
In {v} {a} <have> {a.his} birthday.
! The month of the birth of {a} <be> {v}.
#p.month = was born in {v} | <have> {a.his} birthday in {v}

#s.owns
{a} <have> a* {v}.
{a} <own> a* {v}.
There <be> a* {v} in the house of {a}.
{a} <be> proud of {a.his} {v}.
{a} <keep> a* {v} by the door.
! A* {v} <belong> to {a}.
#p.owns = <have> a* {v} | <own> a* {v}

#s.father
The father of {a} <be> {v}.
{v} <be> the father of {a}.
{a} <be> a child of {v}.
{a} <have> {v} for a father.
! {a} <call> {v} father.
#p.father = <be> a child of {v}

#s.mother
The mother of {a} <be> {v}.
{v} <be> the mother of {a}.
{a} <have> {v} for a mother.
{a} <be> born to {v}.
! {a} <call> {v} mother.
#p.mother = <be> a child of {v}

#s.wife
{a} <be> married to {v}.
The wife of {a} <be> {v}.
{v} <be> the wife of {a}.
{a} and {v} <be.pl> husband and wife.
! {a} <have> {v} for a wife.
#p.wife = <be> married to {v}

#s.friend
The best friend of {a} <be> {v}.
{a} <have> a good friend, {v}.
{a} and {v} <be.pl> friends.
{a} <tell> everything to {a.his} friend {v}.
! Of all friends {a} <like> {v} best.
#p.friend = <be> a friend of {v}

#s.master
{a} <learn> {a.his} trade from {v}.
The master of {a} <be> {v}.
{a} <be> the apprentice of {v}.
{v} <have> an apprentice called {a}.
! {v} <teach> {a} a trade.
#p.master = <be> the apprentice of {v} | <learn> from {v}

#s.died
{a} died in the year {v}.
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
What trade has {a}?
! Tell me the work of {a}.
#q.trade
What is the trade of {a}?
What is the work of {a}?
What trade has {a}?
! Which trade does {a} have?
! Tell me the trade of {a}.
#q.street
Where does {a} live?
On which street does {a} live?
Where is the house of {a}?
Which street is the home of {a} on?
! Tell me where {a} lives.
! Where can I find the house of {a}?
#q.number
What is the number of the house of {a}?
In which house does {a} live?
Which number has the house of {a}?
! Tell me the number of the house of {a}.
#q.likes
What does {a} like?
What does {a} like best?
What does {a} love to eat?
What is the favourite food of {a}?
! Tell me what {a} likes.
! Which food does {a} like best?
#q.keeps
What does {a} keep?
Which animals does {a} keep?
What animals has {a}?
What kind of animals does {a} have?
! Tell me which animals {a} keeps.
! Which animals belong to {a}?
#q.pet
What is the name of the {k} of {a}?
What is the {k} of {a} called?
How does {a} call {a.his} {k}?
! Tell me the name of the {k} of {a}.
! What name has the {k} of {a}?
#q.skill
What can {a} do?
What can {a} do well?
What has {a} learned to do?
! Tell me what {a} can do.
#q.hair
What colour is the hair of {a}?
What colour of hair has {a}?
Which colour has the hair of {a}?
! Tell me the colour of the hair of {a}.
#q.born
When was {a} born?
In which year was {a} born?
What is the year of the birth of {a}?
! Tell me the year when {a} was born.
#q.month
In which month was {a} born?
In which month is the birthday of {a}?
Which month has the birthday of {a}?
! Tell me the month when {a} was born.
#q.owns
What does {a} have?
What does {a} own?
What is in the house of {a}?
! Tell me what {a} has.
#q.father
Who is the father of {a}?
What is the name of the father of {a}?
How is the father of {a} called?
! Tell me who the father of {a} is.
#q.mother
Who is the mother of {a}?
What is the name of the mother of {a}?
How is the mother of {a} called?
! Tell me who the mother of {a} is.
#q.wife
Who is the wife of {a}?
What is the name of the wife of {a}?
To whom is {a} married?
! Tell me who the wife of {a} is.
#q.friend
Who is the friend of {a}?
Who is the best friend of {a}?
What is the name of the friend of {a}?
! Tell me who the friend of {a} is.
#q.master
Who is the master of {a}?
From whom does {a} learn {a.his} trade?
Who teaches {a}?
! Tell me who the master of {a} is.
#q.died
When did {a} die?
In which year did {a} die?
What is the year of the death of {a}?
! Tell me the year when {a} died.
#q.clause
What do people say of {a}?
What is said of {a}?
What do you know of {a}?
! Tell me something about {a}.
#q.river
What is the river of {town} called?
What is the name of the river of {town}?
On which river does {town} lie?
! Tell me the name of the river of {town}.
#q.inn
What is the inn of {town} called?
What is the name of the inn of {town}?
Where do travellers sleep in {town}?
! Tell me the name of the inn of {town}.
#q.market_day
When is the market of {town}?
On which day is the market of {town}?
Which day is market day in {town}?
! Tell me the day of the market of {town}.
#q.founder
Who founded {town}?
Who was the founder of {town}?
Who built the first house of {town}?
! Tell me who founded {town}.
#q.elder
Who is the elder of {town}?
What is the name of the elder of {town}?
How is the elder of {town} called?
! Tell me who the elder of {town} is.
#q.festival_month
When is {a}?
In which month is {a}?
Which month has {a}?
! Tell me the month of {a}.
#q.festival_place
Where is {a} held?
At which place is {a} held?
Where do people keep {a}?
! Tell me where {a} is held.
#q.price
What does a* {a} cost in {town}?
How much is a* {a} in {town}?
What is the price of a* {a} in {town}?
! Tell me the price of a* {a} in {town}.

#r.office
Who is the {v} of {town}?
What is the name of the {v} of {town}?
Who works as the {v} of {town}?
How is the {v} of {town} called?
! Tell me who the {v} of {town} is.
#r.trade
Who is a* {v}?
Who works as a* {v}?
Which of them is a* {v}?
! Tell me who is a* {v}.
#r.street
Who lives on {v}?
Who has a house on {v}?
Whose house is on {v}?
! Tell me who lives on {v}.
#r.likes
Who likes {v}?
Who is fond of {v}?
Who loves {v}?
! Tell me who likes {v}.
#r.keeps
Who keeps {v.pl}?
Who has {v.pl}?
Who looks after {v.pl}?
! Tell me who keeps {v.pl}.
#r.pet
Who has a {k} called {v}?
Whose {k} is called {v}?
Who has the {k} {v}?
! Tell me who has a {k} called {v}.
#r.skill
Who can {v}?
Who knows how to {v}?
Who has learned to {v}?
! Tell me who can {v}.
#r.hair
Who has {v} hair?
Whose hair is {v}?
! Tell me who has {v} hair.
#r.owns
Who has a* {v}?
Who owns a* {v}?
Whose is the {v}?
! Tell me who has a* {v}.
#r.month
Who was born in {v}?
Whose birthday is in {v}?
! Tell me who was born in {v}.
#r.number
Who lives at number {v}?
Who lives in house number {v}?
! Tell me who lives at number {v}.

#y.trade = Is {a} a* {v}? | Does {a} work as a* {v}?
#y.street = Does {a} live on {v}? | Is the house of {a} on {v}?
#y.likes = Does {a} like {v}? | Is {a} fond of {v}?
#y.keeps = Does {a} keep {v.pl}? | Has {a} got {v.pl}?
#y.owns = Does {a} have a* {v}? | Does {a} own a* {v}?
#y.hair = Has {a} got {v} hair? | Is the hair of {a} {v}?
#y.skill = Can {a} {v}? | Does {a} know how to {v}?
#y.trade
! Is it true that {a} is a* {v}?
#y.street
! Is it true that {a} lives on {v}?
#y.likes
! Is it true that {a} likes {v}?
#y.keeps
! Is it true that {a} keeps {v.pl}?
#y.owns
! Is it true that {a} has a* {v}?
#y.hair
! Is it true that {a} has {v} hair?
#y.skill
! Is it true that {a} can {v}?
)";

}  // namespace quern::village
