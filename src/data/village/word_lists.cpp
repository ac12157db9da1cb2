// SPDX-License-Identifier: MIT
#include "data/village/word_lists.h"

namespace quern::village {

const char* const kAnimals =
    "goat,goats,山羊,只; hen,hens,母鸡,只; sheep,sheep,绵羊,只; cow,cows,奶牛,头; pig,pigs,猪,头; duck,ducks,鸭子,只;"
    "goose,geese,鹅,只; rabbit,rabbits,兔子,只; bee,bees,蜜蜂,只; pony,ponies,小马,匹; donkey,donkeys,驴,头;"
    "dove,doves,鸽子,只; turkey,turkeys,火鸡,只; mule,mules,骡子,头; horse,horses,马,匹; ox,oxen,牛,头";
const char* const kPets = "dog,dogs,狗,只; cat,cats,猫,只; pony,ponies,小马,匹; parrot,parrots,鹦鹉,只";
const char* const kTrades =
    "baker,bakers,面包师; miller,millers,磨坊主; smith,smiths,铁匠; carpenter,carpenters,木匠; potter,potters,陶匠;"
    "weaver,weavers,织工; tailor,tailors,裁缝; cobbler,cobblers,鞋匠; cooper,coopers,桶匠; farmer,farmers,农夫;"
    "shepherd,shepherds,牧羊人; fisher,fishers,渔夫; teacher,teachers,老师; doctor,doctors,医生;"
    "innkeeper,innkeepers,客栈老板; mason,masons,石匠; thatcher,thatchers,茅匠; tanner,tanners,皮匠; dyer,dyers,染匠;"
    "butcher,butchers,屠夫; brewer,brewers,酿酒师; beekeeper,beekeepers,养蜂人; gardener,gardeners,园丁;"
    "clockmaker,clockmakers,钟表匠; candlemaker,candlemakers,蜡烛匠; glassblower,glassblowers,玻璃匠;"
    "ropemaker,ropemakers,绳匠; basketmaker,basketmakers,篾匠; saddler,saddlers,鞍匠; wheelwright,wheelwrights,车匠;"
    "hunter,hunters,猎人; forester,foresters,守林人; sailor,sailors,船夫; tinker,tinkers,补锅匠; painter,painters,画师;"
    "fiddler,fiddlers,琴师; printer,printers,印刷匠; nurse,nurses,护士; clerk,clerks,书记; guard,guards,更夫;"
    "barber,barbers,理发师; gatekeeper,gatekeepers,看门人";
const char* const kFoods =
    "plums,-,李子; apples,-,苹果; pears,-,梨; cherries,-,樱桃; honey,-,蜂蜜; cheese,-,奶酪; soup,-,汤; nuts,-,坚果;"
    "cake,-,蛋糕; jam,-,果酱; tea,-,茶; mint,-,薄荷; pies,-,馅饼; beans,-,豆子; peas,-,豌豆; carrots,-,胡萝卜;"
    "onions,-,洋葱; mushrooms,-,蘑菇; figs,-,无花果; berries,-,浆果; butter,-,黄油; porridge,-,粥; pancakes,-,煎饼;"
    "grapes,-,葡萄; walnuts,-,核桃; turnips,-,萝卜; cabbage,-,白菜; noodles,-,面条; dumplings,-,饺子; milk,-,牛奶";
const char* const kGoods =
    "loaf,loaves,面包,个; cheese,cheeses,奶酪,块; candle,candles,蜡烛,支; egg,eggs,鸡蛋,个; pie,pies,馅饼,个;"
    "apple,apples,苹果,个; jug,jugs,水壶,个; rope,ropes,绳子,根; basket,baskets,篮子,个; hat,hats,帽子,顶;"
    "scarf,scarves,围巾,条; fish,fish,鱼,条; cake,cakes,蛋糕,块; pot,pots,陶罐,个; broom,brooms,扫帚,把;"
    "cup,cups,杯子,个; bell,bells,铃铛,个; ribbon,ribbons,丝带,条; pear,pears,梨,个; melon,melons,甜瓜,个;"
    "brush,brushes,刷子,把; spoon,spoons,勺子,把; blanket,blankets,毯子,条; comb,combs,梳子,把";
const char* const kThings =
    "lamp,lamps,灯,盏; key,keys,钥匙,把; basket,baskets,篮子,个; ladder,ladders,梯子,架; spade,spades,铁锹,把;"
    "bucket,buckets,水桶,个; rope,ropes,绳子,根; kettle,kettles,水壶,个; clock,clocks,钟,座; drum,drums,鼓,面;"
    "flute,flutes,笛子,支; cart,carts,推车,辆; saw,saws,锯子,把; hammer,hammers,锤子,把; book,books,书,本;"
    "cup,cups,杯子,个; bell,bells,铃铛,个; blanket,blankets,毯子,条; broom,brooms,扫帚,把; coat,coats,外套,件;"
    "hat,hats,帽子,顶; scarf,scarves,围巾,条; ring,rings,戒指,枚; knife,knives,小刀,把; jug,jugs,罐子,个;"
    "net,nets,渔网,张; mirror,mirrors,镜子,面; box,boxes,盒子,个; bag,bags,袋子,个; axe,axes,斧头,把;"
    "pot,pots,锅,口; chair,chairs,椅子,把; wheel,wheels,轮子,个; kite,kites,风筝,只; umbrella,umbrellas,雨伞,把";
const char* const kColors =
    "red,-,红; blue,-,蓝; green,-,绿; yellow,-,黄; white,-,白; black,-,黑; brown,-,棕; grey,-,灰";
const char* const kPlaces =
    "mill,-,磨坊; inn,-,客栈; chapel,-,小教堂; school,-,学校; smithy,-,铁匠铺; bakery,-,面包房; market,-,集市;"
    "bridge,-,桥; well,-,水井; green,-,草坪; pond,-,池塘; barn,-,谷仓; orchard,-,果园; tower,-,塔楼; forest,-,树林;"
    "garden,-,花园; hall,-,会堂; river,-,河边; hill,-,山坡; field,-,田地; stable,-,马厩; meadow,-,草地";
const char* const kSpots =
    "under the bench,-,长凳下面; on the shelf,-,架子上; behind the door,-,门后面; beside the stove,-,炉子旁边;"
    "in the drawer,-,抽屉里; on the table,-,桌子上; under the stairs,-,楼梯下面; in the cellar,-,地窖里;"
    "on the roof,-,屋顶上; in the chest,-,箱子里; behind the barn,-,谷仓后面; beside the well,-,水井旁边;"
    "under the bed,-,床底下; on the wall,-,墙上; in the kitchen,-,厨房里; near the gate,-,大门附近;"
    "in the attic,-,阁楼里; under the old oak,-,老橡树下";
const char* const kSkills =
    "sing,-,唱歌; dance,-,跳舞; swim,-,游泳; whistle,-,吹口哨; juggle,-,抛球; knit,-,织毛衣; carve wood,-,刻木头;"
    "play the flute,-,吹笛子; tell stories,-,讲故事; climb trees,-,爬树; ride,-,骑马; cook,-,做饭; draw,-,画画;"
    "read maps,-,看地图; catch trout,-,捉鳟鱼; mend nets,-,补渔网; write poems,-,写诗; bake pies,-,烤馅饼;"
    "count stars,-,数星星; find mushrooms,-,找蘑菇";
const char* const kStreets =
    "Mill Street,-,磨坊街; Church Lane,-,教堂巷; Bridge Street,-,桥街; Well Lane,-,水井巷; Oak Street,-,橡树街;"
    "Goose Lane,-,白鹅巷; Baker Street,-,面包街; High Street,-,高街; River Lane,-,河边巷; Apple Row,-,苹果路;"
    "Hill Road,-,山路; Orchard Road,-,果园路; Pond Lane,-,池塘巷; Stone Street,-,石头街; Green Lane,-,绿巷;"
    "Bell Street,-,钟街; Market Street,-,集市街; Fox Lane,-,狐狸巷; Rose Row,-,玫瑰路; Elm Street,-,榆树街;"
    "Barn Road,-,谷仓路; Long Lane,-,长巷; Wheel Street,-,车轮街; Willow Road,-,柳树路";
const char* const kHair = "red,-,红; black,-,黑; brown,-,棕; fair,-,金; grey,-,灰";
const char* const kWeekdays =
    "Monday,-,星期一; Tuesday,-,星期二; Wednesday,-,星期三; Thursday,-,星期四; Friday,-,星期五; Saturday,-,星期六;"
    "Sunday,-,星期天";
const char* const kMonths =
    "January,-,一月; February,-,二月; March,-,三月; April,-,四月; May,-,五月; June,-,六月; July,-,七月; August,-,八月;"
    "September,-,九月; October,-,十月; November,-,十一月; December,-,十二月";
const char* const kSeasons = "spring,-,春天; summer,-,夏天; autumn,-,秋天; winter,-,冬天";
const char* const kFestivals =
    "Lantern Night,-,灯笼夜; Apple Day,-,苹果节; Frost Fair,-,霜冻集; Hay Feast,-,干草宴; River Day,-,河神节;"
    "Bell Night,-,钟声夜; Seed Day,-,播种节; Harvest Supper,-,丰收宴; Kite Day,-,风筝节; Honey Day,-,蜂蜜节;"
    "Candle Walk,-,烛光会; Bread Feast,-,面包节; Wool Fair,-,羊毛集; Goose Race,-,赛鹅会";
const char* const kWeathers =
    "rain,-,下雨; sun,-,晴天; snow,-,下雪; wind,-,刮风; fog,-,起雾; frost,-,霜冻; hail,-,冰雹; clouds,-,多云";
const char* const kCrops =
    "wheat,-,小麦; barley,-,大麦; oats,-,燕麦; beans,-,豆子; cabbages,-,白菜; turnips,-,萝卜; flax,-,亚麻; corn,-,玉米";
const char* const kMaterials =
    "oak,-,橡木; iron,-,铁; clay,-,陶土; wool,-,羊毛; leather,-,皮革; stone,-,石头; straw,-,稻草";
const char* const kTools =
    "spade,-,铁锹; saw,-,锯子; hammer,-,锤子; rope,-,绳子; ladder,-,梯子; needle,-,针; axe,-,斧头; bucket,-,水桶;"
    "broom,-,扫帚; wheelbarrow,-,手推车";
const char* const kOccasions =
    "fair,-,庙会; dance,-,舞会; wedding,-,婚礼; concert,-,音乐会; meeting,-,会议; auction,-,拍卖会; race,-,赛跑;"
    "feast,-,宴会; play,-,戏; market,-,集市; lesson,-,课; supper,-,晚餐";
const char* const kPetNames =
    "Patch,-,花花; Bramble,-,小刺; Socks,-,白袜; Pepper,-,胡椒; Daisy,-,雏菊; Rusty,-,铁锈; Button,-,扣子;"
    "Clover,-,三叶; Smoke,-,小烟; Biscuit,-,饼干; Thistle,-,小蓟; Nutmeg,-,豆蔻; Pebble,-,石子; Shadow,-,影子;"
    "Ginger,-,生姜; Barley,-,麦麦; Midge,-,蚊蚊; Copper,-,铜钱; Snowy,-,雪球; Whisker,-,胡须; Tansy,-,艾菊;"
    "Dusty,-,尘尘; Poppy,-,罂粟; Acorn,-,橡果; Marble,-,弹珠; Sparrow,-,麻雀; Cloudy,-,云朵; Mossy,-,青苔;"
    "Plum,-,李子儿; Bean,-,豆豆";
const char* const kInns =
    "Golden Goose,-,金鹅客栈; Red Lion,-,红狮客栈; Old Oak,-,老橡树客栈; Blue Boar,-,蓝猪客栈; Silver Moon,-,银月客栈;"
    "Black Horse,-,黑马客栈; White Swan,-,白天鹅客栈; Green Man,-,绿人客栈";
const char* const kRivers =
    "Lume,-,清水河; Arrow,-,箭河; Wend,-,弯河; Silt,-,沙河; Brindle,-,花斑河; Tarn,-,湖河; Marrow,-,长河; Ember,-,红河";
// Nothing is ever told about these; they only occur in questions nobody can answer.
const char* const kFarTowns =
    "Zorvia,-,左维亚; Quellim,-,奎林; Vashtok,-,瓦什托; Xandria,-,仙德里亚; Ostrovar,-,奥斯特罗; Yulmont,-,尤尔蒙;"
    "Zembla,-,赞布拉; Kharsun,-,哈尔孙";

const char* const kPuzzleWords =
    "ant arm axe bag bed bee bell bird boat book box bread cake cart cat chair clock coat cow cup dog door drum "
    "duck egg fire fish fox frog goat goose hat hen hill horse jug key king lamp leaf loaf map milk moon mouse "
    "net nut owl pear pie pig pot rain ring rope rose salt saw sheep ship snow soap star sun tree well wind wolf "
    "wood";
const char* const kPuzzleWordsZh =
    "山羊 母鸡 奶牛 兔子 蜜蜂 小马 鸽子 面包 苹果 蜂蜜 奶酪 蛋糕 果酱 豆子 豌豆 洋葱 蘑菇 葡萄 核桃 萝卜 白菜 "
    "面条 饺子 牛奶 磨坊 客栈 学校 集市 水井 池塘 谷仓 果园 树林 花园 马厩 钥匙 篮子 梯子 铁锹 水桶 绳子 笛子 "
    "锤子 杯子 扫帚 帽子 镜子 盒子 斧头 椅子 轮子 风筝 雨伞 胡萝卜 铁匠铺 面包房 小教堂 磨坊主 牧羊人 养蜂人 "
    "钟表匠 向日葵 东南西北 春夏秋冬 山清水秀 五谷丰登 鸟语花香 一心一意 三心二意 千山万水 早出晚归";
const char* const kOpposites =
    "hot,cold; big,small; old,young; wet,dry; full,empty; open,shut; long,short; high,low; fast,slow; hard,soft;"
    "light,dark; day,night; up,down; left,right; good,bad; happy,sad; rich,poor; clean,dirty; loud,quiet; early,late;"
    "near,far; first,last; strong,weak; thick,thin";
const char* const kOppositesZh =
    "大,小; 多,少; 高,低; 长,短; 冷,热; 新,旧; 快,慢; 早,晚; 远,近; 轻,重; 厚,薄; 粗,细; 软,硬; 明,暗; 干,湿; 胖,瘦;"
    "里,外; 上,下; 左,右; 前,后; 来,去; 买,卖; 哭,笑; 开,关; 进,出; 黑,白; 真,假; 美,丑; 强,弱; 贫,富; 香,臭;"
    "甜,苦; 深,浅; 宽,窄; 松,紧";

const char* const kNameHeads = "Mar Tes Bren Al Or Wil Har Lu Ka Fen Dor Sal";
const char* const kMaleTails = "lo rin dan bert mas vic";
const char* const kFemaleTails = "la na ria lin bel sie";
const char* const kFamilyHeads = "Ash Thorn Mill Stone Green Wood Field Brook Hart Fox";
const char* const kFamilyTails = "well by ward ton ley man side croft don worth gate hill";
const char* const kStrangerTails = "ovitch escu akis ian ez oulos";
const char* const kZhFamilies =
    "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹 袁 邓 许 傅 "
    "沈 曾 彭 吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余 潘 杜 戴 夏 钟 汪 田 任 姜 范 方 石 姚 谭 廖 邹 熊 金 陆 郝 孔 "
    "白 崔 康 毛 邱 秦 江 史 顾 侯 邵 孟 龙 万 段 雷 钱 汤";
const char* const kZhMale = "建 国 伟 强 军 磊 涛 斌 峰 刚 勇 辉 鹏 浩 宇 明 山 林 川 海 松 柏 文 武";
const char* const kZhFemale = "芳 娜 敏 静 丽 艳 娟 霞 秀 兰 梅 莲 玲 红 燕 云 月 英 雪 琴 萍 慧 珍 香";
const char* const kZhStrangerFamilies = "欧阳 司马 诸葛 上官 慕容 独孤";
const char* const kTownHeads =
    "Alder Barley Wester Easter Norring Sutter Hazel Linden Otter Heron Kestrel Maple Rowan Sorrel Teasel "
    "Burdock Cedar Larks Hollin Brack";
const char* const kTownTails = "by ford ham wick stead mere combe bridge";
const char* const kZhTowns =
    "柳溪 石桥 青田 白沙 杏花 竹林 双河 长坡 梅岭 桃源 清泉 松岗 云山 月湾 草塘 河口 枫林 荷塘 金谷 银滩";

}  // namespace quern::village
