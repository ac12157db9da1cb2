// SPDX-License-Identifier: MIT
// Short passages and what can be asked about them. The answer always stands in the passage.
#include "data/village/templates.h"

namespace quern::village {

const char* const kReadingEn = R"(

#a.trade = {a.He} is a* {v}.
#a.office = {a.He} is the {v}.
#a.street = {a.He} lives on {v}.
#a.number = It is number {v}.
#a.likes = {a.He} likes {v}.
#a.keeps = {a.He} keeps {v.pl}.
#a.pet = It is called {v}.
#a.skill = {a.He} can {v}.
#a.hair = It is {v}.
#a.born = In the year {v}.
#a.month = In {v}.
#a.owns = {a.He} has a* {v}.
#a.father = It is {v}.
#a.mother = It is {v}.
#a.wife = It is {v}.
#a.friend = It is {v}.
#a.master = It is {v}.
#a.died = In the year {v}.
#a.clause = {a.He} {v}.
#a.river = It is called the {v}.
#a.inn = It is called the {v}.
#a.market_day = It is on {v}.
#a.founder = It was {v}.
#a.elder = It is {v}.
#a.festival_month = It is in {v}.
#a.festival_place = It is at the {v}.
#a.price = It costs {v} pence.
#a.who = It is {a}.
#a.yes = {a.He} {p}. Answer: yes.
#a.no = {a.He} {p}. Answer: no.
#n.trade = is a* {v}
#n.street = lives on {v}
#n.likes = likes {v}
#n.keeps = keeps {v.pl}
#n.owns = has a* {v}
#n.hair = has {v} hair
#n.skill = can {v}
#a.spot = It is {v}.
#a.spot_thing = It is the {t}.
#a.place = {a.He} is at the {v}.
#a.gave_thing = It is the {t}.
#a.count = There are {n}.
#a.when = It is on {d}.
#a.when_what = There is a* {o}.
#a.hour = It is at {n} o'clock.
#a.why = Because {x}.
#a.price_list = It costs {n} pence.
#a.price_what = It is the {g}.

#spot.tell
The {t} is {v}.
You can find the {t} {v}.
{a} left the {t} {v}.
{a} put the {t} {v}.
{a} keeps the {t} {v}.
The {t} of {a} is {v}.
! {a} has hidden the {t} {v}.
! If you need the {t}, look {v}.
#spot.ask
Where is the {t}?
Where can I find the {t}?
Where should I look for the {t}?
! Tell me where the {t} is.
#spot.ask_thing
What is {v}?
What can I find {v}?
Which thing is {v}?
! Tell me what is {v}.

#move.first
{a} went to the {v}.
{a} walked to the {v}.
{a} was at the {v}.
{a} (ran|hurried) to the {v}.
(In the morning|At noon|Before breakfast|Early in the day) {a} went to the {v}.
! {a} set out for the {v}.
#move.next
Then {a.he} went to the {v}.
Then {a} went to the {v}.
After that {a} walked to the {v}.
Later {a.he} (went on|came|walked) to the {v}.
(Then|Later) {a} went (back|over|on) to the {v}.
! From there {a} set out for the {v}.
#move.ask
Where is {a} now?
Where is {a}?
Where did {a} go last?
! Tell me where {a} is now.

#gave.tell
{a} gave the {t} to {b}.
{a} sold the {t} to {b}.
{a} lent the {t} to {b}.
{a} brought the {t} to {b}.
(Yesterday|In the morning|Last week|On Monday) {a} gave the {t} to {b}.
! {a} handed the {t} to {b}.
#gave.ask_giver
Who gave the {t} away?
From whom does the {t} come?
Who had the {t} first?
! Tell me who gave the {t} away.
#gave.ask_receiver
Who got the {t}?
Who has the {t} now?
To whom did the {t} go?
! Tell me who got the {t}.
#gave.ask_thing
What did {b} get?
What did {b} get from {a}?
What does {b} have now?
! Tell me what {b} got.

#number.tell
{a} has {n} {v.pl}.
{a} keeps {n} {v.pl}.
{a} counted {n} {v.pl}.
There are {n} {v.pl} in the yard of {a}.
{n} {v.pl} belong to {a}.
! {a} looks after {n} {v.pl}.
#number.ask
How many {v.pl} does {a} have?
How many {v.pl} has {a}?
What is the number of the {v.pl} of {a}?
! Tell me how many {v.pl} {a} has.

#when.tell
The {o} is on {d}.
The {o} will be on {d} at the {v}.
On {d} there is a* {o} at the {v}.
There will be a* {o} on {d}.
The day of the {o} is {d}.
! Come to the {o} on {d}.
! The {v} will see a* {o} on {d}.
#when.ask
When is the {o}?
On which day is the {o}?
Which day is the day of the {o}?
! Tell me when the {o} is.
#when.ask_what
What is on {d}?
What happens on {d}?
What will there be on {d}?
! Tell me what is on {d}.

#hour.tell
The {o} begins at {n} o'clock.
The {o} is at {n} o'clock.
Come to the {o} at {n} o'clock.
At {n} o'clock the {o} begins.
! They open the {o} at {n} o'clock.
#hour.ask
At what hour is the {o}?
When does the {o} begin?
At what hour does the {o} begin?
! Tell me the hour of the {o}.

#why.link
{x}, so {y}.
{x}. That is why {y}.
{y} because {x}.
{x}, and so {y}.
{x}. Because of that {y}.
{x}. So {y}.
! Since {x}, {y}.
! {y}, for {x}.
#why.ask
Why {wy}?
Tell me, why {wy}?
Do you know why? Why {wy}?
! Explain: why {wy}?

#copy.ask
Say after me: {x}
Repeat this: {x}
Write this again: {x}
Copy these words: {x}
Say these words again: {x}
! Please repeat: {x}
! Give me these words back: {x}

#order.tell
First {a} came, then {b}, and last {c}.
{a} was first, {b} second and {c} third.
{a} came first, {b} after {a.him}, and {c} at the end.
In the race {a} was first, {b} second and {c} third.
! {a} won the race, {b} came second and {c} third.
#order.ask_first
Who was first?
Who came first?
! Tell me who was first.
#order.ask_last
Who was last?
Who came last?
Who came at the end?
! Tell me who was last.

#frame.talk
{a} asked, "{q}" {b} said, "{r}"
"{q}" asked {a}. "{rc}" said {b}.
"{q}" {a} wanted to know. "{rc}" {b} answered.
{a}: {q}\n{b}: {r}
The teacher asked {a}: "{q}" {a} answered, "{r}"
! {b} was asked by {a}: "{q}" And {b} said, "{r}"
#frame.order
{a} said, "{q}" {b} said, "{r}"
{a}: {q}\n{b}: {r}
The teacher said to {a}: "{q}" {a} answered, "{r}"
! {b} was told by {a}: "{q}" And {b} said, "{r}"

#lead.passage
Read this and answer.
Here is a short text.
(Listen|Read) and tell me.
Read the lines and answer the question.
)";

const char* const kUnknownEn = R"(
#future.ask
Will it rain in {town} next (year|spring|summer|autumn|winter)?
What will the weather be on this day next year?
Who will be the elder of {town} in a hundred years?
What will a* {g} cost ten years from now?
Who will win the (race|fair|game) next year?
Will {a} be happy next year?
How many children will be born in {town} next year?
What will {a} do (tomorrow|next week|next year)?
Where will {a} be (tomorrow|next week|next year)?
What will {a} buy next (week|year)?
Will there be a* (storm|flood|fire|frost) next (year|winter|summer)?
Who will live in {town} a hundred years from now?
! How will the harvest of {town} be next year?
! What will {a} say tomorrow?
#private.ask
What did {a} dream last night?
What is {a} thinking (now|right now|about)?
What secret does {a} keep?
What does {a} wish for at night?
Which word does {a} say in {a.his} sleep?
How many hairs are on the head of {a}?
What did {a} think yesterday?
Of what is {a} thinking (now|today|tonight)?
Whom does {a} love in secret?
What is in the pocket of {a} (now|right now|today)?
What did {a} whisper to the moon?
How many leaves are on the old oak?
How many stars are over {town} tonight?
! What did {a} dream of yesterday?
! How many grains of sand are in the river?
! Tell me the secret of {a}.
#far.ask
What does a* {g} cost in {f}?
Who is the {t} of {f}?
What is the river of {f} called?
What is the inn of {f} called?
On which day is the market of {f}?
How many people live in {f}?
Who founded {f}?
Who is the elder of {f}?
What do people eat in {f}?
! How old is the town of {f}?
! What is the name of the {t} of {f}?
#person.ask
Where does {s} live?
What does {s} like?
What does {s} keep?
What is the trade of {s}?
Who is the father of {s}?
What can {s} do?
When was {s} born?
What colour is the hair of {s}?
What is the dog of {s} called?
! Which animals does {s} keep?
! On which street does {s} live?
#idk = I don't know.

#unsaid.ask
What colour is the hat of {a}?
How old is {a}?
What is the name of the aunt of {a}?
What did {a} eat yesterday?
How many brothers has {a}?
What song does {a} sing?
What is the name of the horse of {a}?
How tall is {a}?
What did {a} say to the doctor?
! What did {a} have for supper?
! How many sisters has {a}?
)";

}  // namespace quern::village
