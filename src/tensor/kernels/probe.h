// SPDX-License-Identifier: MIT
#pragma once
// The start-up probe: features alone do not tell what is fast, so each kernel that could run here is timed for some
// milliseconds. The choice changes the last bits of results; it is therefore made once per machine, kept in a file, and
// stored in checkpoints by name so that a resumed run computes with the kernels it began with.

#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace quern {

// The kernels in force as one word, such as "avx2", to be stored in a run's state. Probes (or reads the kept choice) on
// the first call, which any product makes.
std::string kernel_choice();
// Uses these from now on. Throws Unsupported, naming what this machine lacks, for kernels that can't run here, and
// InvalidArgument for an unknown name. Not while a product runs.
void force_kernels(std::string_view choice);
// Every choice that can run here, best first by features.
std::vector<std::string> available_kernels();

struct ProbeReport {
  struct Candidate {
    std::string name;
    double f32_gflops = 0, int8_gops = 0;  // one core, a product whose panels lie in cache; 1 multiply-add = 2
  };
  std::vector<std::string> features;  // of the processor
  std::string cpu;                    // its name
  double f32_peak_gflops = 0;         // one core, independent fused multiply-adds in registers
  double bf16_peak_gflops = 0;        // bf16 dot products, 0 without such an instruction
  double int8_peak_gops = 0;          // the best 8-bit multiply-add here
  double memory_gb_per_s = 0;         // reading, all compute threads
  double milliseconds = 0;            // what the probe took
  std::vector<Candidate> candidates;
  std::string choice, reason;  // "avx2", "fastest of 2 in f32 and int8"
  fs::path file;               // where the choice is kept; empty if that could not be written
  bool from_file = false;
};
ProbeReport probe();       // the kept report, or measures and keeps one
ProbeReport probe_anew();  // measures and keeps, whatever is kept; the kernels in force stay

}  // namespace quern
