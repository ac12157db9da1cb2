// SPDX-License-Identifier: MIT
#include "pipeline/minutes.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

// Pilots and ends of runs of 3 to 20 minutes (docs/log.md).
TEST(Prediction, AgreesWithRunsThatWereMade) {
  struct Run {
    PilotResult first, second;
    double tokens, epochs, reached;
  };
  for (const Run& run : {Run{{90.1e3, 2.732}, {272e3, 2.418}, 5.54e6, 0.8, 1.801},
                         Run{{61.4e3, 2.884}, {186e3, 2.503}, 3.98e6, 1.5, 1.756},
                         Run{{63.5e3, 2.972}, {195e3, 2.581}, 4.51e6, 2.2, 1.885},
                         Run{{133e3, 2.524}, {401e3, 2.207}, 15.1e6, 2.9, 1.609},
                         Run{{131e3, 2.842}, {393e3, 2.501}, 15.0e6, 10.3, 2.052},
                         Run{{53.2e3, 2.772}, {164e3, 2.516}, 3.26e6, 0.5, 1.817},
                         Run{{28.7e3, 2.722}, {86e3, 2.141}, 4.61e6, 3.3, 1.120},
                         Run{{55.3e3, 3.162}, {170e3, 2.824}, 8.84e6, 5.4, 2.185}})
    EXPECT_NEAR(predict_text(run.first, run.second, run.tokens, run.epochs) / run.reached, 1.0, 0.03);
}

TEST(Prediction, FallsWithTokensAndRisesWithEpochs) {
  const PilotResult first{100e3, 2.8}, second{300e3, 2.4};
  double before = second.bits_per_byte;
  for (double tokens : {1e6, 3e6, 10e6, 100e6}) {
    const double now = predict_text(first, second, tokens, 1);
    EXPECT_LT(now, before);
    EXPECT_LT(now, predict_text(first, second, tokens, 4));
    before = now;
  }
  EXPECT_GT(before, 0);
}

TEST(Prediction, NeverExceedsThePilot) {
  EXPECT_EQ(predict_text({100e3, 2.8}, {300e3, 2.4}, 300e3, 1), 2.4);
  EXPECT_EQ(predict_text({100e3, 2.8}, {300e3, 2.4}, 600e3, 1000), 2.4);
  EXPECT_LE(predict_text({100e3, 2.0}, {300e3, 2.4}, 3e6, 1), 2.4);  // a pilot that got worse
  EXPECT_EQ(predict_text({}, {}, 3e6, 1), 0);
}

}  // namespace
}  // namespace quern
