// SPDX-License-Identifier: MIT
// Stories: how they open, how one thing leads to another, what people say about it, and how they end. {a} and {b} are
// the people of the story, {at} and {bt} their trades, {t} a thing, {p} and {p2} places, {v} an animal, {w} a pet's
// name.
#include "data/village/templates.h"

namespace quern::village {

const char* const kStoriesEn = R"(
#time = one morning | one evening | one day | early one morning | late one evening | on market day | before sunrise | at noon | on a quiet afternoon
#season = spring | summer | autumn | winter
#sky = cold | bright | grey | windy | warm | still | wet | clear | misty | stormy
#old = old | little | tall | quiet | merry | careful | busy | kind | stubborn | young
#soon = soon | before long | in the end | at last | after a while
#glad = glad | happy | pleased | content
#sad = sad | worried | upset | cross | troubled
#said = said | answered | called | cried | laughed | whispered | sighed

#story.open
It was a* [sky] [season] (morning|evening|day) in {town}.
On a* [sky] (morning|evening|day) in [season] {a} (stood|sat|waited) at the {p}.
[time], {a} the {at} went to the {p}.
{a} was a* {at} in {town}, and {b} was a* {bt}.
In {town} there lived a* {at} called {a}.
There was once a* [old] {at} called {a} who lived near the {p}.
(Do you know|Have you heard) the story of {a} and the {p}? It goes like this.
[time], when the (sky was [sky]|streets were still empty|birds began to sing|bell had just rung), {a} left the house.
(People|The children) of {town} still tell how {a} the {at} came to the {p}.
This is what {a} the {at} told {a.his} friend {b}.
! It happened in {town} on a* [sky] [season] day, near the {p}.
! Long ago a* {at} by the name of {a} lived in {town}.
#story.introduce
{a} was a* [old] {at}, and {b} was {a.his} friend.
{a} and {b} had been friends (for years|since school|since they were small).
{b}, a* [old] {bt}, lived next door.
With {a} came {b}, the {bt}.
(Next to {a}|At the {p}|Not far away) lived {b}, a* [old] {bt}.
! {b} the {bt} was never far from {a}.
#story.detail
{a} had a {k} called {w}, and {w} went everywhere with {a.him}.
{a} had a {c} {t}, and {a.he} was proud of it.
{a} liked {f}, and {a.he} liked the {p}.
Everybody knew {a} and {a.his} {k} {w}.
{a} could {l}, and {a.he} often did.
! {a} owned a {c} {t}, and the {t} stood {s}.
#story.cause
It began when {x}.
First {x}.
That (day|week|night|year) {x}.
(Nobody was surprised when|It all began when|You must know that) {x}.
{x}.
! The cause of it all was this: {x}.
#story.step
{x}, so {y}.
Because {x}, {y}.
{x}, and so {y}.
Since {x}, {y}.
And because {x}, {y}.
! As {x}, {y}.
#story.so
So {y}.
Because of that {y}.
And so {y}.
That is why {y}.
And then {y}.
(Nobody wondered that|No wonder that|It is clear that|Of course) {y}.
! For that reason {y}.
#story.react
"{y}," said {a}. "What shall we do?"
"Have you heard?" asked {b}. "{y}!"
{a} was [sad]. "{y}," {a.he} (said|sighed).
{b} laughed. "It is only because {x}," {b.he} said.
"Why {wy}?" asked {b}. "Because {x}," said {a}.
"I knew it," said {b}. "When {x}, I knew that {y}."
{a} shook {a.his} head. "All this because {x}."
"Tell me, why {wy}?" asked {b}. {a} answered, "Because {x}."
! "It is true that {y}," said {a}, "for {x}."
#story.help
{b} brought {b.his} {t} and helped {a} (all day|until evening|without a word).
"I will help you," said {b}, and {b.he} fetched the {t}.
{a} asked {b} for help, and {b} came (at once|with the {t}|running).
"Take my {t}," said {b}. {a} took the {t} and thanked {b.him}.
{b} lent {a} the {t}, and together they worked until evening.
Then {b} had an idea. {b.He} took the {t} and went with {a} to the {p}.
! {a} could not do it alone, so {b} came with the {t}.
#story.close
[soon] all was well again, and {a} was [glad].
In the evening {a} and {b} sat by the fire and ate {f}.
{a} thanked {b} and gave {b.him} some {f}.
And that was the end of it.
From then on {a} was more careful.
"Next time I will know better," said {a}.
{b} smiled and went home to the {p}.
[soon] they laughed about it.
After that {a} never forgot the {t} again.
{a} went home with the {t} and slept well.
"All is well that ends well," said {b}, and {a} nodded.
! So it ended, and {a} and {b} stayed friends.
#story.moral
(So it goes|That is how it is) in {town}: one thing leads to another.
It all happened because {x}.
And why? Because {x}.
"Why {wy}?" ask the children. Because {x}.
! All of it came from this, that {x}.
)";

const char* const kPlotsEn = R"(
#plot.lost
{a} could not find {a.his} {t}. {a.He} looked at the {p}, but the {t} was not there. {a.He} looked at the {p2}, but the {t} was not there either. Then {b} came. "Are you looking for your {t}?" {b.he} asked. "It is {s}." {a} went to look, and there was the {t}, {s}.
"Where is my {t}?" asked {a}. "Did you leave it at the {p}?" asked {b}. "No, I was at the {p2}." So they went to the {p2}, but they did not find it. At last {a} found the {t} {s}. "It was {s} all the time," said {a}.
The {t} of {a} was gone. "Somebody has taken it," said {a}. But {b} had seen the {t} {s}. "Look {s}," said {b}. {a} looked, and there it was. {a} was [glad] to have the {t} again.
{a} went to the {p} with {a.his} {t} and came home without it. "Think," said {b}. "Where were you last?" "I was at the {p}," said {a}, "and then at the {p2}." They asked at the {p2}, and a child brought the {t}. It had been {s}.
! One day the {t} of {a} was nowhere to be found. {b} looked at the {p} and {a} looked at the {p2}. In the end the {t} was {s}, where {a} had put it.
#plot.gift
{a} wanted to give {b} something. "What does {b} like?" {a.he} asked. "{b} likes {f}," said the {bt}. So {a} went to the {p} and bought {f}. {b} was [glad]. "How did you know that I like {f}?" {b.he} asked.
It was the birthday of {b}. {a} brought a {c} {t}. "Is the {t} for me?" asked {b}. "Yes," said {a}, "the {t} is for you." {b} put the {t} {s}, and there it is still.
{a} made a* {t} for {b}. It took {a.him} {n} days. On the last day {a.he} painted the {t} {c}. "A {c} {t}!" said {b}. "I have always wanted a {c} {t}."
{b} gave {a} a {c} {t}. {a} had no {t} of {a.his} own, so {a.he} was [glad]. "What can I give you for it?" asked {a}. "Some {f}," said {b}, and so {b} got {f} and {a} got the {t}.
! For the birthday of {b}, {a} bought a {c} {t} at the {p}. {b} liked the {t} so much that {b.he} gave {a} a basket of {f}.
#plot.race
{a} and {b} ran from the {p} to the {p2}. At the {p} {a} was first, but {a.he} fell, and {b} came first to the {p2}. "You won," said {a}. "Only because you fell," said {b}.
"I can run faster than you," said {a} to {b}. "Let us see," said {b}. They ran to the {p}. {b} stopped to look at the {v.pl}, so {a} was first at the {p}. "{v.pl} are slow, and so are you," laughed {a}.
There was a race from the {p} to the {p2}. {a} was first, {b} was second and {d} was third. "Who was first?" asked the children. "{a} was first," said {b}, "and I was second." {d} said nothing, for {d.he} was third.
! {a}, {b} and {d} raced to the {p2}. {a} was first, {b} second and {d} third, and {a} got a* {t} for it.
#plot.animal
{a} had {n} {v.pl}. One (day|night|morning) the gate stood open, and {m} of them ran to the {p}. {b} found them there. "Are these your {v.pl}?" {b.he} asked. "Yes," said {a}, "I had {n} {v.pl}, and {m} ran away." Together they brought the {v.pl} home.
The {k} of {a} was called {w}. [time], {w} did not come when {a} called. {a} looked at the {p}. {w} was not there. {a} looked at the {p2}. "{w}!" {a.he} called, and {w} came running. "{w}, {w}," said {a}, "never do that again."
{w} the {k} loved {f}. {a} put the {f} {s}, but {w} found the {f} and ate it. "Who ate the {f}?" asked {b}. "{w} did," said {a}. Since then {a} hides the {f} from {w}.
{b} found a little {k} at the {p}. "What shall we call it?" {b.he} asked. "Call it {w}," said {a}. So the {k} was called {w}, and {w} slept {s}.
{a} wanted to sell {n} {v.pl} at the market. {b} bought {m} of them. "What do you want with {m} {v.pl}?" asked {a}. "They will live behind my house," said {b}.
! {w}, the {k} of {a}, ran off to the {p}. {b} saw {w} there and brought {w} home to {a}.
#plot.lesson
{b} could not {l}. "I will teach you," said {a}. Every evening they met at the {p}. At first {b} was slow, but [soon] {b} could {l} as well as {a}. "Now you can {l} too," said {a}.
"How did you learn to {l}?" asked {b}. "My father taught me," said {a}. "Can you teach me to {l}?" "Yes," said {a}, "come to the {p} tomorrow." So {b} learned to {l}.
{a} can {l}. Nobody else in the family can {l}, and so they often ask {a.him}. [time], {b} asked {a} to {l} at the {p}. All of {town} came, and everybody was [glad].
! At the {p} {a} taught {b} to {l}. Now both of them can {l}.
#plot.trade
{a} needed a* {t}, and {b} needed {f}. "Give me the {t}, and I will give you {f}," said {a}. "How many baskets of {f}?" asked {b}. "{n} baskets," said {a}. So {a} got the {t} and {b} got {n} baskets of {f}.
At the market {a} saw a {c} {t}. "How much is the {t}?" {a.he} asked. "{n} pence," said {b}. {a} had only {m} pence. "Give me {m} pence today," said {b}, "and the rest next week." So {a} took the {c} {t} home.
{b} sold {a} a* {t} for {n} pence. The next day the {t} broke. "You sold me a bad {t}," said {a}. {b} looked at it. "I will mend the {t}," said {b.he}, and {b.he} did.
! {a} paid {n} pence to {b} for a {c} {t}, took the {t} to the {p} and left it {s}.
#plot.quarrel
{a} and {b} did not speak to each other. {a} said that {b} had broken the {t}. {b} said that {w} the {k} had done it. Then {d} found {w} with a piece of the {t}. "It was {w} after all," said {a}. "I am sorry, {b}." And they were friends again.
"This {t} is mine," said {a}. "No, the {t} is mine," said {b}. They went to the elder. "Is the {t} {c}?" asked the elder. "Mine is {c}," said {a}. The {t} was {c}, so the elder gave it to {a}.
{b} had borrowed the {t} of {a} and had not brought it back. {a} waited a week. Then {a.he} went to {b}. "I forgot the {t} {s}," said {b}. "Here it is." {a} took the {t}, and they ate {f} together.
! {a} and {b} both wanted the {c} {t}. In the end {d} cut the quarrel short: {a} should have the {t} on weekdays and {b} on Sundays.
#plot.visit
{a} went to see {b}. First {a.he} came to the {p}, then to the {p2}, and then to the house of {b}. "You are late," said {b}. "I met {d} at the {p}," said {a}, "and {d.he} told me about the {t}." "What about the {t}?" asked {b}. "It is gone," said {a}.
{b} was ill. {a} brought {b.him} {f}, and {d} brought {b.him} a* {t}. "Who brought the {f}?" asked {b}. "{a} did," said {d}. "And the {t}?" "The {t} is from me," said {d}. [soon] {b} was well again.
{a} came to the {p} and asked for {b}. "{b} is not at the {p}," said {d}. "{b.He} went to the {p2}." At the {p2} {a} found {b} at last. "{d} told me that you were at the {p2}," said {a}.
! {a} walked past the {p} and the {p2} to visit {b}, and carried a {c} {t} as a gift. {b} put the {t} {s}.
#plot.work
{a} worked as a* {at}. Every day {a.he} took {a.his} {t} and went to the {p}. One day the {t} broke. "A* {at} without a* {t} is no use," said {a}. {b}, who was a* {bt}, mended the {t}, and {a} went back to the {p}.
The {at} of the village, {a}, had too much to do. {a.He} asked {b}, the {bt}, and {d}. {b} came in the morning and {d} came in the evening. "Who came first?" asked the elder. "{b} came first, and then {d}," said {a}.
{a} built a* {t} for the {p}. It took {n} days. {b} helped for {m} days. When the {t} was ready, {a} painted it {c}. Now a {c} {t} stands at the {p}.
! For {n} days {a} the {at} worked at the {p}, and {b} the {bt} worked there for {m} days. Then the {c} {t} was ready.
)";

}  // namespace quern::village
