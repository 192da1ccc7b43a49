// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc
import Simulation

/// `simulate [--from SEED] [--seeds N] [--failures N] [--planted BUG] [--lying true]
/// [--nights true] | simulate --seed SEED`
///
/// With `--nights true`, a seed is a month of a nightly mirror. With `--lying true`, services lie.
/// If a lie traps or hangs the process, its last line names the seed.
@main struct Simulate {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())[...]
        var first: UInt64 = 1
        var count: UInt64 = 1000
        var single: UInt64?
        var planted: PlantedBug?
        var failuresMax = 1
        var story = Story.runs
        while let option = arguments.popFirst() {
            let value = arguments.popFirst() ?? ""
            switch (option, UInt64(value)) {
            case ("--from", let number?): first = number
            case ("--seeds", let number?): count = number
            case ("--seed", let number?): single = number
            case ("--failures", let number?): failuresMax = Int(number)
            case ("--lying", _) where value == "true": story = .lies
            case ("--nights", _) where value == "true": story = .nights
            case ("--lying", _) where value == "false": break
            case ("--planted", _) where PlantedBug(rawValue: value) != nil:
                planted = PlantedBug(rawValue: value)
            default: usage()
            }
        }
        do throws(TranshipError) {
            let simulator = try Simulator()
            if let single {
                let report = try simulator.run(
                    seed: single, planted: planted, isLying: story == .lies,
                    hasNights: story == .nights, isLogging: true)
                print(report.log.joined(separator: "\n"))
                finish(report.violations.isEmpty ? 0 : 1)
            }
            if story == .lies { Crash.watch() }
            try explore(simulator, first, count, planted, failuresMax, story)
        } catch {
            print("error: \(error.message)")
            exit(1)
        }
    }

    /// The kind of story that a seed makes; the make target plays it.
    private enum Story: String {
        case runs = "simulate"
        case lies = "lie"
        case nights
    }

    private static func explore(
        _ simulator: Simulator, _ first: UInt64, _ count: UInt64, _ planted: PlantedBug?,
        _ failuresMax: Int, _ story: Story
    ) throws(TranshipError) {
        let start = ContinuousClock.now
        var runs = 0
        var transfers = 0
        var failures = 0
        var seed = first - 1
        for done in 1...max(count, 1) {
            seed =
                try planted.map { bug throws(TranshipError) in
                    try simulator.next(after: seed, for: bug)
                } ?? seed + 1
            if story == .lies { Crash.begin(seed) }
            var report = try simulator.run(
                seed: seed, planted: planted, isLying: story == .lies, hasNights: story == .nights)
            if story == .lies, let words = Memory.violation { report.violations.append(words) }
            runs += report.runs
            transfers += report.transfers
            if !report.violations.isEmpty {
                print("seed \(seed) failed:")
                for violation in report.violations { print("  \(violation)") }
                print("see what happened with: make \(story.rawValue) SEED=\(seed)")
                fflush(nil)
                failures += 1
                if failures >= failuresMax { finish(1) }
            }
            if done % (story == .nights ? 100 : 5000) == 0 || done == count {
                let minutes = (ContinuousClock.now - start) / .seconds(60)
                // On a machine with other work, the rate by processor time is more useful.
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
        print(
            "usage: simulate [--from SEED] [--seeds N] [--failures N] [--planted BUG] [STORY]"
        )
        print("       simulate --seed SEED [--planted BUG] [STORY]")
        print("STORY: --lying true | --nights true")
        print("bugs:  \(PlantedBug.allCases.map(\.rawValue).joined(separator: " "))")
        exit(2)
    }
}

/// The process's memory, with a bound that lies must not exceed.
private enum Memory {
    private static let mebibytesMax = 256

    /// The violation of the bound; nil if there is none.
    ///
    /// Does not use `getrusage`: its maximum counts the memory of the process that started this
    /// one.
    static var violation: String? {
        guard let status = try? WholeFile.read("/proc/self/status", bytesMax: 1 << 16),
            let line = String(decoding: status, as: UTF8.self).split(separator: "\n")
                .first(where: { $0.hasPrefix("VmHWM:") }),
            let kibibytes = Int(line.filter(\.isNumber))
        else { return "the kernel does not say how much memory the process takes" }
        let mebibytes = kibibytes / 1024
        return mebibytes > mebibytesMax
            ? "the process takes \(mebibytes) MiB of memory, more than \(mebibytesMax)" : nil
    }
}

/// Names a seed that traps or hangs.
private enum Crash {
    /// The longest real time of a seed; most take milliseconds.
    private static let secondsMax: UInt32 = 120
    /// The text for the current seed. It is made in advance, because signal handlers allocate no
    /// memory.
    private nonisolated(unsafe) static let words = UnsafeMutablePointer<CChar>.allocate(
        capacity: 200)
    private nonisolated(unsafe) static var wordsCount = 0

    static func watch() {
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGALRM] {
            signal(number) { number in
                write(STDOUT_FILENO, Crash.words, Crash.wordsCount)
                _exit(128 + number)
            }
        }
    }

    static func begin(_ seed: UInt64) {
        let text =
            "seed \(seed) ends the process, or hangs it\nsee what happened with: make lie SEED=\(seed)\n"
        wordsCount = text.utf8.count
        for (index, byte) in text.utf8.enumerated() { words[index] = CChar(bitPattern: byte) }
        alarm(secondsMax)
    }
}
