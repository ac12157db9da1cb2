// SPDX-License-Identifier: MIT
// What is written in the village: letters, notices, entries of its encyclopedia, the weather book, instructions.
// [facts] are put in from the ledger as {f1} {f2}, whole sentences.
#include "data/village/templates.h"

namespace quern::village {

const char* const kLettersEn = R"(
#letter.head
Dear {b},
My dear {b},
Good day, {b},
To {b} on {st},
! Dear friend {b},
#letter.begin
I hope this letter finds you well.
Thank you for your letter and for the {f}.
It is a long time since I wrote to you.
I am sitting at the {p} and have time to write.
Today it is [sky] and I stay at home with a cup of tea.
The {o} is over, and now I can write to you.
You asked me for news of {town}, so here it is.
! I write to you from the {p}, where it is [sky].
#letter.news
You will want to know that {x}, and so {y}.
Have you heard? {x}, and so {y}.
Yesterday {x}. That is why {y}.
My {k} {w} is well. Last night {w} slept {s}.
I bought a {c} {t} at the market for {n} pence. The {c} {t} stands {s} now.
I lost my {t}. Then {e} found the {t} {s}. I was so [glad] to have my {t} back.
On {day} there is a* {o} at the {p}. Will you come to the {o}?
{e} came to see me on {day}. {e} brought {f}, and we ate the {f} together.
I have {n} {v.pl} now. With the {m} {v.pl} of my father that makes {sum} {v.pl}.
The children learn to {l}. {e} teaches them to {l} at the {p}.
! Here {x}. You can think that {y}.
#letter.facts = Now to our neighbours. {f1} {f2} | You asked about {who}. {f1} {f2} | {f1} And you know: {f2} | Some news of {who}: {f1} {f2}
#letter.ask
How are your {v.pl}?
Do you still have the {c} {t}?
Please send me the {t} when you can.
Can you bring some {f} when you come?
When will you come to {town}?
Tell me, is {e} well?
! Will the {v.pl} be at the {o} too?
#letter.end
Your friend {a}
With love, {a}
Yours, {a}
Write soon. {a}
Until we meet at the {p}, your {a}
! In friendship, {a}
)";

const char* const kNoticesEn = R"(
#notice.body
LOST: a {c} {t}. I last had the {t} at the {p}. If you find the {c} {t}, bring it to {a}, {st}. You will get {n} pence. {a}
FOUND: a {c} {t}, {s}. If the {t} is yours, come to {a} at the {p}.
FOR SALE: {n} {v.pl}. Price of one: {m} pence. Ask for {a} at the {p}. The {v.pl} are healthy.
FOR SALE: a {c} {t} for {n} pence. Come to {a} on {st}. The {t} is as good as new.
On {day} there is a* {o} at the {p}. The {o} begins at {h} o'clock. Bring {f}. Everybody is welcome.
The {o} is on {day} at {h} o'clock. Ask {a} at the {p} if you want to help with the {o}.
MISSING: a {k} called {w}. {w} is {c2} and likes {f}. {w} was last seen at the {p}. Please tell {a} if you see {w}.
WANTED: somebody who can {l}. Come to {a} at the {p} on {day} at {h} o'clock. If you can {l}, you get {n} pence a day.
WARNING: {x}, and so {y}. Please take care.
THANKS to {b}, who found my {t} {s}. Without {b} I would never have seen the {t} again. {a}
SCHOOL: on {day} {a} teaches how to {l}. The lesson begins at {h} o'clock at the {p}. Whoever wants to {l} is welcome.
MARKET: a* {g} costs {n} pence and a* {g2} costs {m} pence today. Ask {a} for the {g.pl} and {b} for the {g2.pl}.
To let: a house on {st}, number {n}. Ask {a} at the {p}.
LOST: my {k} {w}, near the {p}. {w} comes when you call {w}. {a}, {st}.
The elder says: {y}, because {x}. There is nothing to fear.
! HELP: {w} the {k} has run away with my {c} {t}. Who sees {w} or the {t}? Tell {a} at the {p}.
! COME ALL: {o} at the {p}, on {day}, at {h} o'clock. {a} brings {f}.
#notice.facts
NOTICE. {f1} {f2}
KNOW ALL: {f1} {f2}
The clerk of {town} writes: {f1} {f2}
! From the board of {town}: {f1} {f2}
)";

const char* const kEntriesEn = R"(
#entry.head
{who}.
From the book of {town}: {who}.
Who is {who}?
About {who}.
The people of {town}: {who}.
! A page on {who}.
#entry.join = Also, | What is more, | It is known that | One can add that | And
#entry.place
The {p} of {town} is well known. {x}, and since then people speak of the {p} often. {a} works near the {p}.
The {p}. It stands near {st}. In the year {year} {ev}. {a} often sits at the {p} with {b}.
At the {p} you can meet {a} and {b}. {a} comes to the {p} in the morning, {b} comes to the {p} in the evening.
The {p} of {town} was built of {mat}. Children like to {l} at the {p}. {a} looks after it.
! Near {st} stands the {p}. In the year {year} {ev}.
#entry.animal
A* {an} is an animal. People keep {an.pl} for (food|work|wool|company). {a} keeps {n} {an.pl} and {b} keeps {m} {an.pl}.
{an.pl} need food and water every day. {a}, who has {n} {an.pl}, feeds the {an.pl} at dawn.
How many {an.pl} are there? {a} has {n}, and {b} has {m}. Together that makes {sum} {an.pl}.
! Of all animals {a} likes {an.pl} best, and keeps {n} of them.
#entry.trade
A* {at} uses a* {t} and works at the {p}. {a} was a* {at} for {n} years.
What does a* {at} do? A* {at} works with a* {t}. Ask {a}, who is a* {at}.
To become a* {at}, you learn from a master for {n} years. {a} learned with {b}, and {b} was a good {at}.
! Without a* {at} no village can live. {a} was the best {at} of all.
#entry.event
In the year {year} {ev}.
{ev}. That was in the year {year}.
The book of {town} says for the year {year}: {ev}.
People still remember the year {year}, when {ev}.
! The year {year} is the year when {ev}.
#weather.head = The weather in {month}. | From the weather book, {month}: | {month} in {town}: | Weather of {month}.
#weather.line = {day} {month}: {wx}, {deg} degrees.
#how.head = How to {task}. | To {task}, do this. | {a} tells how to {task}. | Instructions: {task}.
#how.bread
First take flour and water. Mix the flour and the water. Then let the dough rest for {n} hours. Last, bake the dough until the bread is brown. Eat the bread with {f}.
#how.net
First lay the net on the table. Then look for holes in the net. Take a needle and mend every hole. Last, hang the net {s}.
#how.soup
First cut the {f}. Then put the {f} into a pot of water. Cook the {f} for {n} hours. Last, add salt and eat the soup while it is hot.
#how.hen
First feed the hens. Then give the hens water. Look for eggs, and put the eggs into a basket. Last, close the gate, or the hens will run away.
#how.candle
First melt the wax. Then dip the string into the wax. Let the wax dry and dip the string again, {n} times. Last, hang the candle {s}.
#how.fire
First bring dry wood. Lay the small wood below and the big wood above. Then light the straw under the wood. Last, keep water near the fire.
#how.garden
First dig the earth with a spade. Then lay the seeds of the {f} in rows. Water the seeds every day for {n} weeks. Last, pick the {f} and wash the spade.
#how.goat
First take a bucket and wash your hands. Sit down beside the goat. Milk the goat into the bucket. Last, carry the bucket {s} and give the goat some hay.
#how.ask_first
{a} wants to {task}. What comes first?
How does one begin to {task}?
What must you do first to {task}?
! {a} is about to {task}. What is the first step?
#how.ask_last
What must you do last to {task}?
{a} wants to {task}. What comes last?
! What is the last step to {task}?
#how.first = {first}
#how.last = {last}
#weather.ask
What was the weather on {day} {month}?
How was the weather on {day} {month}?
! Tell me the weather of {day} {month}.
#weather.answer = It was {wx}, {deg} degrees.
)";

const char* const kDialoguesEn = R"(
#dialogue.greet
"Good (morning|day|evening), {b}," said {a}.
{a} met {b} at the {p}. "Good (morning|day|evening)," said {b}.
"There you are, {b}!" called {a} at the {p}.
{a} and {b} stood at the {p}.
! At the {p} {a} ran into {b}. "How are you?" asked {b}.
#dialogue.ask_fact
"Can you tell me something, {a}?" asked {b}. "{q}" "{ans}"
"{q}" asked {b}. {a} thought for a while. "{ans}"
"I am new here," said {b}. "{q}" {a} answered, "{ans}"
"{q}" {b} wanted to know. "{ansc}" said {a}.
"Do you know it? {q}" asked {b}. "Of course. {ans}"
! "I want to ask you something," said {b}. "{q}" And {a} said, "{ans}"
#dialogue.doubt
"Are you sure?" asked {b}. "Yes," said {a}.
"Thank you," said {b}.
"Everybody in {town} knows that," said {a}.
"That is good to know," said {b}.
"I did not know that," said {b}.
"Who told you?" asked {b}. "{e} told me," said {a}.
! "So I have heard," said {b}.
#dialogue.unknown
"{q}" asked {b}. "I don't know," said {a}. "Nobody knows that."
"{q}" asked {b}. {a} laughed. "I don't know. How should I?"
"{q}" {b} wanted to know. "I don't know," said {a}.
! "And {q}" asked {b}. "That I don't know," said {a}.
#dialogue.shop
"How much is the {g}?" asked {a}. "{n} pence," said {b}. "Then give me the {g}," said {a}, "here are {pay} pence." "And here are {ch} pence back," said {b}.
"Do you have a* {g}?" asked {a}. "Yes, the {g} costs {n} pence," said {b}. {a} gave {b} {pay} pence and got {ch} pence and the {g}.
"A* {g} and a* {g2}, please," said {a}. "The {g} is {n} pence and the {g2} is {m} pence," said {b}. "That makes {sum} pence." {a} paid {sum} pence.
"What does the {g} cost?" "{n} pence." "And the {g2}?" "{m} pence." "Together that is {sum} pence," said {a}, and took the {g} and the {g2}.
"{n} pence for a* {g}?" cried {a}. "Last week it was {m} pence." "Then you must buy the {g} next week," said {b}.
"I have only {m} pence," said {a}. "The {g} costs {n} pence," said {b}. So {a} went home without the {g}.
! {b} wanted {n} pence for the {g}. {a} gave {pay} pence. "You get {ch} pence back," said {b}.
#dialogue.plan
"Will you come to the {o} on {day}?" asked {a}. "On {day}? Yes, I will come to the {o}," said {b}. "Bring the {t}," said {a}. "I will bring the {t}," said {b}.
"Where is the {t}?" asked {a}. "The {t} is {s}," said {b}. {a} looked {s} and came back with the {t}.
"Who has my {t}?" asked {a}. "{e} has your {t}," said {b}. "{e} took the {t} to the {p}." So {a} went to the {p}.
"What shall we eat?" asked {a}. "I have {f}," said {b}. "I like {f}," said {a}, and so they ate {f}.
"I am going to the {p}," said {a}. "Can you take the {t} to {e}?" asked {b}. "Is {e} at the {p}?" "Yes, {e} is at the {p}." So {a} took the {t} along.
"{x}," said {a}. "Then {y}," said {b}. "Yes, {y}," said {a}.
"Why {wy}?" asked {a}. "Because {x}," said {b}. "I see," said {a}. "{x}."
! "Meet me at the {p} on {day}," said {a}, "and bring the {t}." On {day} {b} was at the {p} with the {t}.
)";

const char* const kTalkEn = R"(
#talk.hello = Hello! | Good day! | Good morning! | Hi! | Hello, how are you? | Good evening!
#talk.hello_answer = Good day! Ask me about {town}. | Hello! I can tell you about {town}. | Good day to you! What do you want to know?
#talk.who = Who are you? | What are you? | What is your name? | Are you a person?
#talk.who_answer = I am a small language model, and I know the village of {town}.
#talk.can = What can you do? | What can I ask you? | How can you help me?
#talk.can_answer = I can tell stories, answer questions about {town}, read a short text, add numbers and spell words.
#talk.thanks = Thank you! | Thanks! | Thank you for the answer.
#talk.thanks_answer = You are welcome! | Gladly! | You are welcome. Ask me more about {town}!
#talk.bye = Goodbye! | Good night! | See you tomorrow!
#talk.bye_answer = Goodbye! | Good night! | Goodbye, and come back to {town}!
#talk.town = Tell me about {town}. | What do you know about {town}? | What is {town}?
#talk.story = Tell me a story. | Tell me a story about {a}. | Tell a short story, please. | Write a story about a* {at}. | Tell me what happened in {town}.
#talk.notice = Write a notice. | Write a notice for the board. | What is on the notice board?
#talk.letter = Write a letter to {b}. | Write a letter from {a} to {b}. | Write a short letter.
#talk.person = Tell me about {who}. | Who is {who}? | What do you know about {who}?
)";

}  // namespace quern::village
