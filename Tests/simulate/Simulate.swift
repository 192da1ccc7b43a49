// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc
import Simulation

/// `simulate [--from SEED] [--seeds N] [--failures N] [--planted BUG] | simulate --seed SEED`
@main struct Simulate {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())[...]
        var first: UInt64 = 1
        var count: UInt64 = 1000
        var single: UInt64?
        var planted: PlantedBug?
        var failuresMax = 1
        while let option = arguments.popFirst() {
            let value = arguments.popFirst() ?? ""
            switch (option, UInt64(value)) {
            case ("--from", let number?): first = number
            case ("--seeds", let number?): count = number
            case ("--seed", let number?): single = number
            case ("--failures", let number?): failuresMax = Int(number)
            case ("--planted", _) where PlantedBug(rawValue: value) != nil:
                planted = PlantedBug(rawValue: value)
            default: usage()
            }
        }
        do throws(TranshipError) {
            let simulator = try Simulator()
            if let single {
                let report = try simulator.run(seed: single, planted: planted, isLogging: true)
                print(report.log.joined(separator: "\n"))
                finish(report.violations.isEmpty ? 0 : 1)
            }
            try explore(simulator, first, count, planted, failuresMax)
        } catch {
            print("error: \(error.message)")
            exit(1)
        }
    }

    private static func explore(
        _ simulator: Simulator, _ first: UInt64, _ count: UInt64, _ planted: PlantedBug?,
        _ failuresMax: Int
    ) throws(TranshipError) {
        let start = ContinuousClock.now
        var runs = 0
        var transfers = 0
        var failures = 0
        for seed in first..<first + count {
            let report = try simulator.run(seed: seed, planted: planted)
            runs += report.runs
            transfers += report.transfers
            if !report.violations.isEmpty {
                print("seed \(seed) failed:")
                for violation in report.violations { print("  \(violation)") }
                print("see what happened with: make simulate SEED=\(seed)")
                fflush(nil)
                failures += 1
                if failures >= failuresMax { finish(1) }
            }
            let done = seed - first + 1
            if done % 5000 == 0 || done == count {
                let minutes = (ContinuousClock.now - start) / .seconds(60)
                // On a machine that does other things as well, this one tells more.
                let busyMinutes = Double(clock()) / Double(CLOCKS_PER_SEC) / 60
                print(
                    "seeds \(first) to \(seed): \(failures) failed, \(runs) runs, "
                        + "\(transfers) transfers, \(Int(Double(runs) / minutes)) runs a minute, "
                        + "\(Int(Double(runs) / busyMinutes)) a minute of the processor")
                fflush(nil)
            }
        }
        if failures > 0 { finish(1) }
    }

    private static func finish(_ status: Int32) -> Never {
        exit(status)
    }

    private static func usage() -> Never {
        print("usage: simulate [--from SEED] [--seeds N] [--failures N] [--planted BUG]")
        print("       simulate --seed SEED [--planted BUG]")
        print("bugs:  \(PlantedBug.allCases.map(\.rawValue).joined(separator: " "))")
        exit(2)
    }
}
