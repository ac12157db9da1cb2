// SPDX-License-Identifier: MIT
// Short passages and what can be asked about them. The answer always stands in the passage.
#include "data/village/templates.h"

namespace quern::village {

const char* const kReadingEn = R"(

#k.keeps
{a} <keep> {v.pl}.
{a} <have> {v.pl} in the yard.
{a} <look> after {v.pl}.
! {a} <have> {v.pl} at home.
#k.likes
{a} <like> {v}.
{a} <love> {v}.
The favourite food of {a} <be> {v}.
! {a} <like> {v} best.
#k.trade
{a} <be> a* {v}.
{a} <work> as a* {v}.
! {a} <work> here as a* {v}.
#k.street
{a} <live> on {v}.
{a} <have> a house on {v}.
The house of {a} <be> on {v}.
! {a} <live> in a house on {v}.
#k.owns
{a} <have> a* {v}.
{a} <own> a* {v}.
! {a} <have> a* {v} by the door.
#k.hair
{a} <have> {v} hair.
The hair of {a} <be> {v}.
! {a} <have> long {v} hair.
#k.skill
{a} can {v}.
{a} <know> how to {v}.
! {a} can {v} well.
#k.pet
{a} <have> a {k} called {v}.
The {k} of {a} <be> called {v}.
! {a} <have> a {k} that <be> called {v}.
#k.born
{a} was born in the year {v}.
The year of the birth of {a} is {v}.
! {a} was born here in the year {v}.
#k.father
The father of {a} <be> {v}.
{a} <be> a child of {v}.
! Now the father of {a} <be> {v}.
#k.mother
The mother of {a} <be> {v}.
{a} <be> born to {v}.
! Now the mother of {a} <be> {v}.
#k.friend
The best friend of {a} <be> {v}.
{a} <be> a good friend of {v}.
! Now the best friend of {a} <be> {v}.
#k.master
The master of {a} <be> {v}.
{a} <learn> {a.his} trade from {v}.
! Now the master of {a} <be> {v}.

#k.month
{a} was born in {v}.
The birthday of {a} <be> in {v}.
! {a} was born here in {v}.
#k.number
{a} <live> at number {v}.
{a} <live> in house number {v}.
! {a} <live> here at number {v}.
#k.died
{a} died in the year {v}.
The year of the death of {a} is {v}.
! {a} died here in the year {v}.
#k.wife
The wife of {a} <be> {v}.
{a} <be> married to {v}.
! Now the wife of {a} <be> {v}.
#k.office
{a} <be> the {v} of {town}.
{a} <work> as the {v} of {town}.
! Now {a} <be> the {v} of {town}.

#again = Once more: | In short: | To say it again: | That is:

#h.trade = Here {a} is a* {v}.
#h.office = Here {a} is the {v}.
#h.street = Here {a} lives on {v}.
#h.number = Here {a} lives at number {v}.
#h.likes = Here {a} likes {v}.
#h.keeps = Here {a} keeps {v.pl}.
#h.pet = Here the {k} of {a} is called {v}.
#h.skill = Here {a} can {v}.
#h.hair = Here {a} has {v} hair.
#h.born = Here {a} was born in the year {v}.
#h.month = Here {a} was born in {v}.
#h.owns = Here {a} has a* {v}.
#h.father = Here the father of {a} is {v}.
#h.mother = Here the mother of {a} is {v}.
#h.wife = Here the wife of {a} is {v}.
#h.friend = Here the friend of {a} is {v}.
#h.master = Here the master of {a} is {v}.
#h.died = Here {a} died in the year {v}.

#w.trade = The one who is a* {v} is {a}.
#w.street = The one who lives on {v} is {a}.
#w.likes = The one who likes {v} is {a}.
#w.keeps = The one who keeps {v.pl} is {a}.
#w.owns = The one who has a* {v} is {a}.
#w.hair = The one who has {v} hair is {a}.
#w.skill = The one who can {v} is {a}.
#w.pet = The one who has the {k} {v} is {a}.

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
#a.spot = The {t} is {v}.
#a.place = Now {a} is at the {v}.
#a.giver = The {t} came from {a}.
#a.receiver = The {t} went to {b}.
#a.gave_thing = Now {b} has the {t}.
#a.count = Here {a} has {n} {v.pl}.
#a.when = The {o} is on {d}.
#a.when_what = On {d} there is a* {o}.
#a.hour = The {o} is at {n} o'clock.
#a.why = Because {x}.
#a.price_list = A* {g} costs {n} pence.
#a.first = The first was {a}.
#a.last = The last was {a}.

#spot.tell
The {t} is {v}.
{a} put the {t} {v}.
{a} left the {t} {v}.
! {a} has left the {t} {v}.
#spot.ask
Where is the {t}?
Where can I find the {t}?
Tell me where the {t} is.
Please tell me where the {t} is.
! Tell me where I can find the {t}.

#move.first
{a} went to the {v}.
{a} walked to the {v}.
(In the morning|At noon|Before breakfast) {a} went to the {v}.
! Today {a} walked to the {v}.
#move.next
Then {a.he} went to the {v}.
Then {a} went to the {v}.
Later {a.he} walked to the {v}.
! Later {a} went to the {v}.
#move.ask
Where is {a} now?
Where is {a}?
Tell me where {a} is.
Please tell me where {a} is.
! Tell me where {a} is now.

#gave.tell
{a} gave the {t} to {b}.
{a} sold the {t} to {b}.
{a} lent the {t} to {b}.
(Yesterday|In the morning|Last week|On Monday) {a} gave the {t} to {b}.
! Today {a} gave the {t} to {b}.
#gave.ask_giver
Who gave the {t} away?
From whom does the {t} come?
Tell me who gave the {t} away.
! Please tell me who gave the {t} away.
#gave.ask_receiver
Who got the {t}?
Who has the {t} now?
Tell me who got the {t}.
! Please tell me who got the {t}.
#gave.ask_thing
What did {b} get?
What does {b} have now?
Tell me what {b} got.
! Please tell me what {b} got.

#number.tell
{a} has {n} {v.pl}.
{a} keeps {n} {v.pl}.
{a} looks after {n} {v.pl}.
! Now {a} has {n} {v.pl}.
#number.ask
How many {v.pl} does {a} have?
How many {v.pl} has {a}?
Tell me how many {v.pl} {a} has.
Please tell me how many {v.pl} {a} has.
How many {v.pl} does {a} keep?
Please say how many {v.pl} {a} keeps.
! Tell me how many {v.pl} {a} keeps.

#when.tell
The {o} is on {d}.
The {o} is on {d} at the {v}.
On {d} there is a* {o}.
This week the {o} is on {d}.
! Next week the {o} is on {d}.
#when.ask
When is the {o}?
On which day is the {o}?
Tell me when the {o} is.
! Please tell me when the {o} is.
#when.ask_what
What is on {d}?
What happens on {d}?
Tell me what is on {d}.
! Please tell me what is on {d}.
#hour.tell
The {o} is at {n} o'clock.
The {o} begins at {n} o'clock.
Today the {o} is at {n} o'clock.
! Tomorrow the {o} is at {n} o'clock.
#hour.ask
At what hour is the {o}?
At what hour does the {o} begin?
Tell me at what hour the {o} is.
! Please tell me at what hour the {o} is.

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
! Can you say why? Why {wy}?

#copy.ask
Say after me: {x}
Repeat this: {x}
Write this again: {x}
Copy these words: {x}
Say these words again: {x}
Please repeat: {x}
! Please say after me: {x}
! Please copy these words: {x}

#order.tell
First came {a}, then {b}, and last {c}.
{a} was first, {b} was second and {c} was last.
{a} came first, {b} second, and {c} last.
(In the race|At the fair|On Monday) {a} was first, {b} was second and {c} was last.
! In the end {a} was first, {b} was second and {c} was last.
#order.ask_first
Who was first?
Who came first?
! Tell me who was first.
#order.ask_last
Who was last?
Who came last?
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
What colour is the (hat|coat|shirt|scarf) of {a}?
How (old|tall) is {a}?
Tell me how (old|tall) {a} is.
What is the name of the (aunt|uncle|cousin|horse) of {a}?
Tell me the name of the (aunt|horse) of {a}.
What did {a} (eat|drink|buy|lose) yesterday?
What did {a} (eat|drink) for breakfast?
What did {a} (cook|buy) for supper?
How many (brothers|cousins|coins) has {a}?
How many (brothers|sisters|coins) does {a} have?
What (song|tune) does {a} sing?
What did {a} say to the (doctor|priest|judge)?
! What did {a} eat for supper?
! How many sisters has {a}?
! Tell me the name of the uncle of {a}.
)";

}  // namespace quern::village
