// SPDX-License-Identifier: MIT
#include "data/village/causes.h"

#include <string_view>

#include "base/error.h"

namespace quern::village {

namespace {

// key | clause | what follows "why" | Chinese clause | effects
constexpr std::string_view kGraph = R"(
rain|it rained all night||下了一夜雨|hay_wet river_high road_mud roof_leak
hay_wet|the hay got wet|did the hay get wet|干草湿了|cows_hungry
cows_hungry|the cows were hungry|were the cows hungry|奶牛饿了|little_milk
little_milk|there was little milk|was there little milk|牛奶很少|butter_dear
butter_dear|butter became dear|did butter become dear|黄油变贵了|
river_high|the river rose|did the river rise|河水涨了|bridge_closed cellar_wet
bridge_closed|the bridge was closed|was the bridge closed|桥关了|cart_late
cellar_wet|the cellar was full of water|was the cellar full of water|地窖进了水|potatoes_bad
potatoes_bad|the potatoes went bad|did the potatoes go bad|土豆坏了|
cart_late|the cart came late|did the cart come late|货车来晚了|no_flour
no_flour|the baker had no flour|did the baker have no flour|面包师没有面粉|no_bread
no_bread|there was no bread|was there no bread|没有面包|ate_porridge
ate_porridge|everybody ate porridge|did everybody eat porridge|大家都喝粥|
road_mud|the road turned to mud|did the road turn to mud|路变成了泥|wheel_stuck
wheel_stuck|a wheel got stuck|did a wheel get stuck|轮子陷住了|cart_late
roof_leak|the roof leaked|did the roof leak|屋顶漏了|bed_wet
bed_wet|the bed was wet|was the bed wet|床湿了|slept_barn
slept_barn|the family slept in the barn|did the family sleep in the barn|全家睡在谷仓里|
gate_open|the gate was left open||大门没有关|goats_out
goats_out|the goats ran away|did the goats run away|山羊跑了|cabbages_eaten
cabbages_eaten|the cabbages were eaten|were the cabbages eaten|白菜被吃掉了|neighbour_angry
neighbour_angry|the neighbour was angry|was the neighbour angry|邻居生气了|pie_brought
pie_brought|a pie was brought to the neighbour|was a pie brought to the neighbour|有人给邻居送了馅饼|
frost|there was a hard frost||来了一场霜冻|pond_frozen pears_lost
pond_frozen|the pond froze|did the pond freeze|池塘结冰了|ducks_moved children_slid
ducks_moved|the ducks moved to the barn|did the ducks move to the barn|鸭子搬进了谷仓|
children_slid|the children played on the ice|did the children play on the ice|孩子们在冰上玩|
pears_lost|the pears were lost|were the pears lost|梨都坏了|no_jam
no_jam|nobody made jam|did nobody make jam|没有人做果酱|
wind|a strong wind blew||刮起了大风|laundry_blown mill_fast apples_fell
laundry_blown|the washing flew away|did the washing fly away|衣服被吹走了|shirt_tree
shirt_tree|a shirt hung in the oak|did a shirt hang in the oak|衬衫挂在橡树上|
mill_fast|the mill turned fast|did the mill turn fast|磨坊转得很快|much_flour
much_flour|there was plenty of flour|was there plenty of flour|面粉很多|cakes_baked
cakes_baked|the baker baked cakes|did the baker bake cakes|面包师烤了蛋糕|street_smelled
street_smelled|the whole street smelled of cake|did the whole street smell of cake|整条街都是蛋糕的香味|
apples_fell|the apples fell|did the apples fall|苹果掉了|pies_made
pies_made|everybody made pies|did everybody make pies|大家都做馅饼|
sun|the sun shone for weeks||好几个星期都是晴天|hay_dry well_low
hay_dry|the hay was dry|was the hay dry|干草干了|barn_full
barn_full|the barn was full|was the barn full|谷仓满了|feast_held
feast_held|there was a feast|was there a feast|大家办了宴会|
well_low|the well was low|was the well low|水井的水少了|garden_dry
garden_dry|the gardens were dry|were the gardens dry|花园都干了|few_beans
few_beans|there were few beans|were there few beans|豆子很少|
fog|a thick fog came||起了大雾|sheep_lost boat_waited
sheep_lost|the sheep lost their way|did the sheep lose their way|绵羊迷路了|dog_sent
dog_sent|the dog was sent out|was the dog sent out|狗被派出去了|sheep_found
sheep_found|the sheep were found|were the sheep found|绵羊找到了|
boat_waited|the boat had to wait|did the boat have to wait|船只好等着|fish_late
fish_late|the fish came late to market|did the fish come late to market|鱼很晚才到集市|
candle_out|the candle went out||蜡烛灭了|room_dark
room_dark|the room was dark|was the room dark|房间很黑|jug_broke
jug_broke|the jug was broken|was the jug broken|罐子打碎了|milk_spilled
milk_spilled|the milk ran over the floor|did the milk run over the floor|牛奶流了一地|cat_happy
cat_happy|the cat was happy|was the cat happy|猫很高兴|
key_lost|the key was lost||钥匙丢了|door_locked
door_locked|the door stayed locked|did the door stay locked|门一直锁着|smith_called
smith_called|the smith was called|was the smith called|有人叫来了铁匠|
bell_cracked|the bell had a crack||钟裂了|nobody_came
nobody_came|nobody came to the meeting|did nobody come to the meeting|没有人来开会|meeting_moved
meeting_moved|the meeting was moved to Sunday|was the meeting moved to Sunday|会议改到了星期天|
bees_busy|the bees were busy all summer||蜜蜂忙了一个夏天|honey_plenty
honey_plenty|there was plenty of honey|was there plenty of honey|蜂蜜很多|honey_cheap
honey_cheap|honey was cheap|was honey cheap|蜂蜜很便宜|all_bought_honey
all_bought_honey|everybody bought honey|did everybody buy honey|大家都买蜂蜜|
wolf_seen|a wolf was seen in the forest||树林里有人看见了狼|sheep_inside
sheep_inside|the sheep were kept inside|were the sheep kept inside|绵羊关在圈里|hay_eaten
hay_eaten|the hay was soon eaten|was the hay soon eaten|干草很快吃完了|
snow|deep snow fell||下了大雪|road_blocked
road_blocked|the road was blocked|was the road blocked|路堵住了|school_closed
school_closed|the school was closed|was the school closed|学校关门了|snowman_built
snowman_built|the children built a snowman|did the children build a snowman|孩子们堆了雪人|
clock_stopped|the clock stopped||钟停了|teacher_late
teacher_late|the teacher came late|did the teacher come late|老师来晚了|children_waited
children_waited|the children waited in the yard|did the children wait in the yard|孩子们在院子里等|
hail|hail fell at noon||中午下了冰雹|window_broken corn_flat
window_broken|a window broke|did a window break|窗户破了|glass_ordered
glass_ordered|new glass was ordered|was new glass ordered|订了新玻璃|
corn_flat|the corn lay flat|did the corn lie flat|玉米倒了|corn_dear
corn_dear|corn became dear|did corn become dear|玉米变贵了|
fiddler_came|a fiddler came to the inn||客栈来了一位琴师|inn_full
inn_full|the inn was full|was the inn full|客栈坐满了|soup_gone
soup_gone|the soup was soon gone|was the soup soon gone|汤很快没了|cook_tired
cook_tired|the cook was tired|was the cook tired|厨师累了|
)";

struct Graph {
  std::vector<Happening> all;
  std::vector<int> roots;
};

Graph read_graph() {
  Graph graph;
  std::vector<std::string> effect_lists;
  std::string_view rest = kGraph;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.empty()) continue;
    std::vector<std::string> fields;
    for (size_t at = 0; at <= line.size();) {
      const size_t cut = std::min(line.find('|', at), line.size());
      fields.emplace_back(line.substr(at, cut - at));
      at = cut + 1;
    }
    QUERN_CHECK(fields.size() == 5, "village causes: {} fields in '{}'", fields.size(), line);
    if (fields[2].empty()) graph.roots.push_back(static_cast<int>(graph.all.size()));
    graph.all.push_back({fields[0], fields[1], fields[2], fields[3], {}});
    effect_lists.push_back(fields[4] + " ");
  }
  for (size_t i = 0; i < graph.all.size(); ++i) {
    std::string& list = effect_lists[i];
    for (size_t at = 0, cut; (cut = list.find(' ', at)) != std::string::npos; at = cut + 1) {
      const std::string key = list.substr(at, cut - at);
      for (size_t j = 0; j < graph.all.size(); ++j)
        if (graph.all[j].key == key) graph.all[i].effects.push_back(static_cast<int>(j));
    }
  }
  return graph;
}

const Graph& graph() {
  static const Graph built = read_graph();
  return built;
}

}  // namespace

const std::vector<Happening>& happenings() { return graph().all; }
const std::vector<int>& first_causes() { return graph().roots; }

}  // namespace quern::village
