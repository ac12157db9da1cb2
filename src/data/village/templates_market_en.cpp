// SPDX-License-Identifier: MIT
// The market (prices, change, totals, with the working written out) and sums; then puzzles with letters and words.
#include "data/village/templates.h"

namespace quern::village {

const char* const kMarketEn = R"(
#price.item
{g} {n} pence
a* {g} {n} pence
#price.sentence
A* {g} costs {n} pence.
A* {g} is {n} pence.
You pay {n} pence for a* {g}.
One {g} costs {n} pence.
! They ask {n} pence for a* {g}.
#price.head = Prices (today|this week|at the market): | At the market: | The board says: | Today's prices: | For sale:
#price.ask
What does a* {g} cost?
How much is a* {g}?
What is the price of a* {g}?
How many pence does a* {g} cost?
! Tell me the price of a* {g}.
#price.ask_what
What can I buy for {n} pence?
What costs {n} pence?
Which thing costs {n} pence?
! Tell me what costs {n} pence.

#change.tell
{a} buys a* {g} for {n} pence and pays with {p} pence.
A* {g} costs {n} pence. {a} pays with {p} pence.
{a} wants a* {g}. It costs {n} pence. {a.He} gives {p} pence.
{a} pays {p} pence for a* {g} that costs {n} pence.
The price of a* {g} is {n} pence, and {a} gives {p} pence.
! {a} hands over {p} pence for a* {g} at {n} pence.
#change.ask
How much change does {a} get?
What is the change?
How much does {a} get back?
How many pence does {a} get back?
! Tell me the change.
#change.work = {p} - {n} = {c}. Answer: {c} pence.

#total.tell
A* {g} costs {n} pence and a* {h} costs {m} pence.
A* {g} costs {n} pence. A* {h} costs {m} pence.
{a} buys a* {g} for {n} pence and a* {h} for {m} pence.
One {g} is {n} pence, one {h} is {m} pence.
! They ask {n} pence for a* {g} and {m} pence for a* {h}.
#total.ask
What do a* {g} and a* {h} cost together?
What do both cost together?
How much is that together?
How many pence is that together?
! Tell me the price of both together.
#total.work = {n} + {m} = {c}. Answer: {c} pence.

#times.tell
A* {g} costs {n} pence.
One {g} costs {n} pence.
The price of a* {g} is {n} pence.
{a} sells a* {g} for {n} pence.
! They ask {n} pence for a* {g}.
#times.ask
What do {k} {g.pl} cost?
How much are {k} {g.pl}?
{a} buys {k} {g.pl}. How much does {a.he} pay?
What is the price of {k} {g.pl}?
! Tell me the price of {k} {g.pl}.
#times.work = {k} x {n} = {c}. Answer: {c} pence.

#more.tell
{a} has {n} {v.pl}. {a.He} (buys|gets|finds) {m} more.
{a} has {n} {v.pl} and gets {m} more.
There are {n} {v.pl} in the yard. Then {m} more come.
{a} has {n} {v.pl}. {b} gives {a.him} {m} more.
! {a} has {n} {v.pl}. {m} more are added.
#less.tell
{a} has {n} {v.pl}. {a.He} (sells|loses|gives away) {m}.
{a} has {n} {v.pl} and sells {m} of them.
There are {n} {v.pl} in the yard. Then {m} run away.
{a} has {n} {v.pl}. {a.He} gives {m} to {b}.
! {a} has {n} {v.pl}. {m} are taken away.
#count.ask
How many {v.pl} are there now?
How many {v.pl} are left?
How many {v.pl} is that?
#more.ask = How many {v.pl} are there now? | How many {v.pl} is that now? | How many {v.pl} is that together?
#more.ask
! Tell me how many {v.pl} there are now.
#less.ask = How many {v.pl} are there now? | How many {v.pl} are left? | How many {v.pl} is that now?
#less.ask
! Tell me how many {v.pl} are left.
#more.work = {n} + {m} = {c}. Answer: {c}.
#less.work = {n} - {m} = {c}. Answer: {c}.

#compare.tell
{a} has {n} {v.pl}. {b} has {m} {v.pl}.
{a} has {n} {v.pl} and {b} has {m} {v.pl}.
{a} keeps {n} {v.pl}, {b} keeps {m} {v.pl}.
In the yard of {a} there are {n} {v.pl}, in the yard of {b} there are {m}.
! {n} {v.pl} belong to {a}, and {m} {v.pl} belong to {b}.
#compare.more = Who has more {v.pl}? | Which of the two has more {v.pl}? | Who keeps more {v.pl}?
#compare.more
! Tell me who has more {v.pl}.
#compare.fewer = Who has fewer {v.pl}? | Which of the two has fewer {v.pl}? | Who keeps fewer {v.pl}?
#compare.fewer
! Tell me who has fewer {v.pl}.
#compare.work_more = {p} is more than {q}. Answer: {r}.
#compare.work_fewer = {q} is less than {p}. Answer: {r}.

#sum.ask
What is {n} + {m}?
How much is {n} + {m}?
Work out {n} + {m}.
Add {n} and {m}.
What do {n} and {m} make?
{n} + {m} = ?
! Tell me the sum of {n} and {m}.
! What do you get from {n} + {m}?
#sum.story
{a} has {n} {v.pl} and {b} has {m} {v.pl}. How many {v.pl} is that together?
There are {n} {v.pl} in the barn and {m} {v.pl} in the yard. How many {v.pl} is that together?
{a} sold {n} {g.pl} on Monday and {m} {g.pl} on Tuesday. How many {g.pl} is that together?
! {a} counted {n} {v.pl} and then {m} {v.pl}. How many {v.pl} did {a.he} count?
)";

const char* const kPuzzlesEn = R"(
#spell.ask
Spell the word {w}.
Spell {w}.
Spell {w} for me.
Which letters are in the word {w}?
Write the word {w} letter by letter.
! Give me the letters of {w}.
#join.ask
Which word is {l}?
Put these letters together: {l}
What word do the letters {l} make?
Read the letters {l} as a word.
! Make a word of the letters {l}.
#first.ask
What is the first letter of {w}?
What is the first letter of the word {w}?
With which letter does {w} begin?
With which letter does the word {w} start?
! Tell me the first letter of {w}.
#first.given
What is the first letter in {l}?
The letters are {l}. What is the first letter?
! Tell me the first letter in {l}.
#last.ask
What is the last letter of {w}?
What is the last letter of the word {w}?
With which letter does {w} end?
With which letter does the word {w} end?
! Tell me the last letter of {w}.
#last.given
What is the last letter in {l}?
The letters are {l}. What is the last letter?
! Tell me the last letter in {l}.
#reverse.ask
Write {l} backwards.
Write the letters {l} backwards.
What is {l} backwards?
Turn the letters {l} around.
! Give me {l} backwards.
#count.letters
How many letters are in {l}?
Count the letters in {l}.
How many letters has {l}?
! Tell me how many letters there are in {l}.
#alphabet.words
Which word comes first in the alphabet, {w} or {x}?
Which is first in the alphabet: {w} or {x}?
What comes first in the dictionary, {w} or {x}?
! Tell me which comes first in the alphabet, {w} or {x}.
#alphabet.after
Which letter comes after {l}?
What letter follows {l} in the alphabet?
What comes after {l} in the alphabet?
! Tell me the letter after {l}.
#alphabet.before
Which letter comes before {l}?
What comes before {l} in the alphabet?
! Tell me the letter before {l}.
#kind.not
Which is not a* {k}: {x}, {y} or {z}?
Which of these is not a* {k}: {x}, {y}, {z}?
Which one is no {k}: {x}, {y} or {z}?
! Tell me which is not a* {k}: {x}, {y} or {z}.
#kind.is
Which is a* {k}: {x}, {y} or {z}?
Which of these is a* {k}: {x}, {y}, {z}?
Which one is a* {k}: {x}, {y} or {z}?
! Tell me which is a* {k}: {x}, {y} or {z}.
#day.after
Which day comes after {d}?
What day comes after {d}?
Which day follows {d}?
If today is {d}, what day is tomorrow?
! Tell me the day after {d}.
#day.before
Which day comes before {d}?
What day comes before {d}?
If today is {d}, what day was yesterday?
! Tell me the day before {d}.
#month.after
Which month comes after {d}?
What month follows {d}?
! Tell me the month after {d}.
#month.before
Which month comes before {d}?
What month is before {d}?
! Tell me the month before {d}.
#a.spell = The letters are {l}.
#a.join = The word is {w}.
#a.letter = It is {l}.
#a.reverse = It is {r}.
#a.count_letters = Count: {r}. Answer: {n}.
#a.alphabet = The letters are {l} and {m}. Answer: {r}.
#a.thing = It is {r}.
#opposite.ask
What is the opposite of {w}?
What is the opposite of the word {w}?
Which word is the opposite of {w}?
Not {w} but what?
! Tell me the opposite of {w}.
#plural.ask
What is the plural of {w}?
One {w}, many what?
What do you say for more than one {w}?
What is the word for many, if one is a* {w}?
! Tell me the plural of {w}.
)";

}  // namespace quern::village
