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
One {g} costs {n} pence.
The price of a* {g} is {n} pence.
! Today a* {g} costs {n} pence.
#price.head = Prices (today|this week|at the market): | At the market: | The board says: | Today's prices: | For sale:
#price.ask
What does a* {g} cost?
How much is a* {g}?
Tell me the price of a* {g}.
Please tell me the price of a* {g}.
! What is the price of a* {g}?

#change.tell
{a} buys a* {g} for {n} pence and pays with {p} pence.
A* {g} costs {n} pence. {a} pays with {p} pence.
{a} pays {p} pence for a* {g} that costs {n} pence.
The price of a* {g} is {n} pence, and {a} gives {p} pence.
! A* {g} costs {n} pence, and {a} pays with {p} pence.
#change.ask
How much change does {a} get?
What is the change?
Tell me the change.
! Tell me how much change {a} gets.
#change.work = {p} - {n} = {c}. Answer: {c} pence.

#total.tell
A* {g} costs {n} pence and a* {h} costs {m} pence.
A* {g} costs {n} pence. A* {h} costs {m} pence.
{a} buys a* {g} for {n} pence and a* {h} for {m} pence.
! One {g} costs {n} pence, one {h} costs {m} pence.
#total.ask
What do a* {g} and a* {h} cost together?
What do both cost together?
How much is that together?
! How many pence is that together?
#total.work = {n} + {m} = {c}. Answer: {c} pence.

#times.tell
A* {g} costs {n} pence.
One {g} costs {n} pence.
The price of a* {g} is {n} pence.
! {a} sells a* {g} for {n} pence.
#times.ask
What do {k} {g.pl} cost?
How much are {k} {g.pl}?
{a} buys {k} {g.pl}. How much does {a.he} pay?
Tell me the price of {k} {g.pl}.
Please say what {k} {g.pl} cost.
What do you pay for {k} {g.pl}?
! What is the price of {k} {g.pl}?
#times.work = {k} x {n} = {c}. Answer: {c} pence.

#more.tell
{a} has {n} {v.pl} and gets {m} more.
{a} has {n} {v.pl}. {a.He} buys {m} more.
There are {n} {v.pl} in the yard. Then {m} more come.
! {a} has {n} {v.pl}. {a.He} gets {m} more.
#less.tell
{a} has {n} {v.pl} and sells {m} of them.
{a} has {n} {v.pl}. {a.He} loses {m} of them.
There are {n} {v.pl} in the yard. Then {m} of them run away.
! {a} has {n} {v.pl}. {a.He} sells {m} of them.
#more.ask = How many {v.pl} are there now? | How many {v.pl} is that now? | How many {v.pl} is that together?
#more.ask
Please say how many {v.pl} there are now.
Tell me how many {v.pl} that is now.
! Tell me how many {v.pl} there are now.
#less.ask = How many {v.pl} are there now? | How many {v.pl} are left? | How many {v.pl} is that now?
#less.ask
Please say how many {v.pl} are left.
Tell me how many {v.pl} that is now.
! Tell me how many {v.pl} are left.
#more.work = {n} + {m} = {c}. Answer: {c}.
#less.work = {n} - {m} = {c}. Answer: {c}.

#compare.tell
{a} has {n} {v.pl}. {b} has {m} {v.pl}.
{a} has {n} {v.pl} and {b} has {m} {v.pl}.
{a} keeps {n} {v.pl}, {b} keeps {m} {v.pl}.
! {a} keeps {n} {v.pl}. {b} has {m} {v.pl}.
#compare.more
Who has more {v.pl}?
Tell me who has more {v.pl}.
Tell me who keeps more {v.pl}.
! Who keeps more {v.pl}?
#compare.fewer
Who has fewer {v.pl}?
Tell me who has fewer {v.pl}.
Tell me who keeps fewer {v.pl}.
! Who keeps fewer {v.pl}?
#compare.work_more = First {n}, second {m}. More is the {o}. Answer: {r}.
#compare.work_fewer = First {n}, second {m}. Fewer is the {o}. Answer: {r}.

#sum.ask
What is {n} + {m}?
How much is {n} + {m}?
Work out {n} + {m}.
Please work out {n} + {m}.
Add {n} and {m}.
Please say (what|how much) {n} + {m} is.
Tell me (what|how much) {n} + {m} makes.
(What|How much) does {n} + {m} make?
! Tell me what {n} + {m} is.
! Tell me how much {n} + {m} is.
#sum.story
{a} has {n} {v.pl} and {b} has {m} {v.pl}. How many {v.pl} is that together?
There are {n} {v.pl} in the barn and {m} {v.pl} in the yard. How many {v.pl} is that together?
! {a} has {n} {v.pl}, {b} has {m} {v.pl}. How many {v.pl} is that together?
)";

const char* const kPuzzlesEn = R"(
#spell.ask
Spell the word {w}.
Spell {w}.
Which letters are in the word {w}?
Which letters are in {w}?
Please spell {w}.
Please spell this word: {w}
(Can|Will) you spell {w}?
(Can|Will) you spell the word {w}?
Tell me which letters are in {w}.
! Please spell the word {w}.
! Tell me which letters are in the word {w}.
#join.ask
Which word is {l}?
Put these letters together: {l}
What word do the letters {l} make?
! Which word do the letters {l} make?
#first.ask
What is the first letter of {w}?
Tell me the first letter of {w}.
With which letter does {w} begin?
! What is the first letter of the word {w}?
#first.given
What is the first letter in {l}?
The letters are {l}. What is the first letter?
! Tell me the first letter in {l}.
#last.ask
What is the last letter of {w}?
Tell me the last letter of {w}.
With which letter does {w} end?
! What is the last letter of the word {w}?
#last.given
What is the last letter in {l}?
The letters are {l}. What is the last letter?
! Tell me the last letter in {l}.
#reverse.ask
Write {l} backwards.
What is {l} backwards?
Write the letters {l} backwards.
Now write {l} backwards.
Please write the letters {l} backwards.
! Please write {l} backwards.
#count.letters
How many letters are in {l}?
Count the letters in {l}.
Count the letters: {l}.
How many letters are there in {l}?
! Tell me how many letters are in {l}.
#alphabet.words
Which word comes first in the alphabet, {w} or {x}?
Which is first in the alphabet: {w} or {x}?
Which comes first in the alphabet, {w} or {x}?
! Tell me which word comes first in the alphabet, {w} or {x}.
#alphabet.after
Which letter comes after {l}?
What comes after {l} in the alphabet?
What letter comes after {l}?
! Tell me which letter comes after {l}.
#alphabet.before
Which letter comes before {l}?
What comes before {l} in the alphabet?
What letter comes before {l}?
! Tell me which letter comes before {l}.
#kind.not
Which is not a* {k}: {x}, {y} or {z}?
Which of these is not a* {k}: {x}, {y} or {z}?
! Which one is not a* {k}: {x}, {y} or {z}?
#kind.is
Which is a* {k}: {x}, {y} or {z}?
Which of these is a* {k}: {x}, {y} or {z}?
! Which one is a* {k}: {x}, {y} or {z}?
#day.after
Which day comes after {d}?
What day comes after {d}?
If today is {d}, what day is tomorrow?
! Tell me which day comes after {d}.
#day.before
Which day comes before {d}?
What day comes before {d}?
! Tell me which day comes before {d}.
#month.after
Which month comes after {d}?
What month comes after {d}?
! Tell me which month comes after {d}.
#month.before
Which month comes before {d}?
! Tell me which month comes before {d}.
#opposite.ask
What is the opposite of {w}?
Which word is the opposite of {w}?
Tell me the opposite of {w}.
Tell me the opposite of the word {w}.
! What is the opposite of the word {w}?
#plural.ask
What is the plural of {w}?
One {w}, many what?
Tell me the plural of {w}.
Tell me the plural of the word {w}.
Please say the plural of {w}.
Please say the plural of the word {w}.
Which word is the plural of {w}?
! What is the plural of the word {w}?
#a.spell = The letters are {l}.
#a.join = The letters {l} make the word {w}.
#a.first_letter = The letters are {l}. The first is {r}.
#a.last_letter = The letters are {l}. The last is {r}.
#a.reverse = It is {r}.
#a.count_letters = Count: {r}. Answer: {n}.
#a.alphabet = The letters are {l} and {m}. First comes {n}. Answer: {r}.
#a.after = After {l} comes {r}.
#a.before = Before {l} comes {r}.
#a.kind = Here {x}: {xk}, {y}: {yk}, {z}: {zk}. Answer: {r}.
#a.opposite = The opposite of {w} is {r}.
#a.plural = One {w}, many {r}.

#primer.times = {k} x {n} = {c}.
#primer.plus = {n} + {m} = {c}.
#primer.minus = {p} - {n} = {c}.
#primer.more = {p} is more than {q}. | {q} is less than {p}.
#primer.spell = {w}: {l}
#primer.join = The letters {l} make the word {w}. | The letters of {w} are {l}.
#primer.reverse = {l} backwards is {r}.
#primer.after = After {l} comes {r}.
#primer.before = Before {l} comes {r}.
#primer.order = {l} comes before {r}. | {r} comes after {l}.
#primer.opposite = The opposite of {w} is {r}. | The opposite of {r} is {w}.
#primer.plural = One {w}, many {r}.
#primer.kind = {w}: {k}
#primer.head_times = Times: | The table of {k}: | Learn the table of {k}.
#primer.head_sums = Sums: | Learn these sums. | Sums for school:
#primer.head_letters = Letters: | Learn to spell. | From the spelling book:
#primer.head_kinds = Kinds of things: | What is what:
#primer.head_words = Words: | From the book of words: | Learn these words.
)";

}  // namespace quern::village
