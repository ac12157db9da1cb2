// SPDX-License-Identifier: MIT
// The report's own words in Chinese. What is missing here stands in English.
#include <algorithm>
#include <array>
#include <utility>

#include "pipeline/report_html.h"

namespace quern::report {

namespace {

constexpr std::pair<std::string_view, std::string_view> kChinese[] = {
    // sections
    {"From babble to speech", "从呓语到言语"},
    {"Prediction beside fact", "预测与事实"},
    {"How it learned", "学习过程"},
    {"What it can answer", "它能回答什么"},
    {"What it learned first", "先学会了什么"},
    {"Answers beside the truth", "回答与真相对照"},
    {"Somebody you planted", "你种下的人"},
    {"The village", "村庄"},
    {"Families", "家谱"},
    {"The text", "语料"},
    {"The tokens", "词元"},
    {"The model", "模型"},
    {"The machine", "机器"},
    {"Where the time went", "时间花在哪里"},
    {"Lineage", "来历"},
    {"Recipe", "配方"},
    // tiles
    {"parameters", "参数"},
    {"tokens seen", "已读词元"},
    {"from text to chat", "从文本到对话"},
    {"bits per byte, held-out text", "比特/字节（未见文本）"},
    {"questions answered rightly", "问题答对"},
    {"memory at most", "内存峰值"},
    // story
    {"The same beginnings, continued by the model as it grew.", "同样的开头，由成长中的模型续写。"},
    {"min", "分钟"},
    {"bits per byte", "比特/字节"},
    {"Answer stands in the prompt", "答案就在题面里"},
    {"can be read off, by anyone who can read", "会读就能答"},
    {"Taught often", "常教的"},
    {"told many times in the text it was trained on", "训练文本里讲过很多次"},
    {"Sums", "算术"},
    {"numbers it has not seen together", "没有一起见过的数"},
    {"Taught rarely", "少教的"},
    {"told once or twice; remembering it is luck and memory", "只讲过一两次，记住靠运气和记性"},
    {"Nobody can know", "无人能知"},
    {"right is to say “I don't know”", "答“我不知道”才对"},
    {"Other", "其他"},
    {"together", "合计"},
    {"said “I don't know”", "答“不知道”"},
    {"The thin line at each bar's end is the 95 % interval: how far chance alone could move it.",
     "条尾的细线是 95 % 区间：仅凭偶然可能偏离的范围。"},
    {"all", "全部"},
    {"wrong ones", "答错的"},
    {"Question", "问题"},
    {"The model says", "模型说"},
    {"The ledger says", "账本说"},
    {"Percent right at each time; what reached one half first stands on top.",
     "各时刻的正确率（%）；先过半的排在上面。"},
    {"Somebody you put into the village, and what the model says of them.", "你放进村里的人，以及模型怎么说。"},
    // numbers
    {"How many bits it takes to write down a byte of text that was never trained on. Less is better.",
     "写下一字节从未训练过的文本需要多少比特，越少越好。"},
    {"this model", "本模型"},
    {"predicted", "预测"},
    {"Predicted before training", "训练前预测"},
    {"measured", "实测"},
    {"Bits per byte", "比特/字节"},
    {"Loss (nats per token)", "损失（奈特/词元）"},
    {"training", "训练"},
    {"validation", "验证"},
    {"Learning rate", "学习率"},
    {"Gradient norm", "梯度范数"},
    {"Tokens per second", "词元/秒"},
    {"Share of the machine's peak", "占机器峰值"},
    {"Tokens seen", "已读词元"},
    {"Memory (bytes)", "内存（字节）"},
    {"step", "步"},
    {"Steps skipped because a number was not finite", "因出现非有限数而跳过的步"},
    // cards
    {"Houses", "房屋"},
    {"Point at a house to see who lives there.", "把指针移到房屋上，看谁住在那里。"},
    {"people", "人"},
    {"Source", "来源"},
    {"Language", "语言"},
    {"Size", "大小"},
    {"Documents", "文档"},
    {"Tokens", "词元"},
    {"Tokens seen in training", "训练读过的词元"},
    {"Epochs", "轮数"},
    {"Kinds of text", "文本种类"},
    {"What cleaning found", "清洗所见"},
    {"Kind", "种类"},
    {"Vocabulary", "词表"},
    {"Bytes per token", "字节/词元"},
    {"A sentence as the model sees it", "模型眼中的一句话"},
    {"tokens", "词元"},
    {"Longest tokens", "最长的词元"},
    {"Family", "家族"},
    {"Parameters", "参数"},
    {"Layers", "层数"},
    {"Width", "宽度"},
    {"Heads", "注意力头"},
    {"Feed-forward width", "前馈宽度"},
    {"Context (tokens)", "上下文（词元）"},
    {"Precision", "精度"},
    {"Optimizer", "优化器"},
    {"FLOPs per token", "浮点运算/词元"},
    {"FLOPs of training", "训练浮点运算"},
    {"Processor", "处理器"},
    {"Cores", "核心"},
    {"Threads used", "所用线程"},
    {"Memory", "内存"},
    {"Memory used at most", "内存峰值"},
    {"System", "系统"},
    {"Kernels", "内核"},
    {"Code version", "代码版本"},
    {"Every setting, as it was used; save it as a .toml file to run it again",
     "每项设置都在这里；存为 .toml 文件即可重跑"},
    // the sentence below the title
    {"A language model of {} parameters", "一个有 {} 参数的语言模型"},
    {", grown from {} of text", "，由 {} 文本长成"},
    {" in {}", "，用时 {}"},
    {" on {} cores", "，{} 个核心"},
    {".", "。"},
    {"Made with quern, which needs no network and no Python.", "由 quern（石磨）制成，不需网络，不需 Python。"},
};

}  // namespace

std::string Labels::operator()(std::string_view english) const {
  if (chinese_)
    for (const auto& [key, text] : kChinese)
      if (key == english) return std::string(text);
  return std::string(english);
}

}  // namespace quern::report
