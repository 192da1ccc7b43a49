// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import CProcess
import Dispatch
import Foundation
import TestSupport
import Testing

@testable import tranship

/// Tests in processes of their own, because signals and limits belong to the process.
@Suite(.timeLimit(.minutes(2))) struct SignalThreadTests {
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `A signal arrives while all threads of Dispatch are busy`(number: Int32) async {
        await #expect(processExitsWith: .success) { [number] in
            let busy = Guarded(0)
            for _ in 0..<600 {
                DispatchQueue(label: "tranship.tests").async {
                    busy.withLock { $0 += 1 }
                    sleep(60)
                }
            }
            while busy.withLock({ $0 }) < 200 { usleep(10_000) }
            let stops = Guarded<[Bool]>([])
            let signals = Signals(drain: true) { abort in stops.withLock { $0.append(abort) } }
            kill(getpid(), number)
            for _ in 0..<500 where stops.withLock({ $0.isEmpty }) { usleep(10_000) }
            #expect(stops.withLock { $0 } == [false])
            withExtendedLifetime(signals) {}
        }
    }

    @Test func `A process that hangs ends soon after the signal`() async {
        await #expect(processExitsWith: .exitCode(130)) {
            for _ in 0..<600 { DispatchQueue(label: "tranship.tests").async { sleep(60) } }
            let signals = Signals(drain: false) { _ in }
            kill(getpid(), SIGTERM)
            sleep(20)
            withExtendedLifetime(signals) {}
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `A command that takes no signals ends with the code of the table`(number: Int32) async {
        await #expect(processExitsWith: .exitCode(130)) { [number] in
            tranship.Process.prepare()
            kill(getpid(), number)
            sleep(20)
        }
    }

    @Test func `A signal that the process was started to ignore stays ignored`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGHUP, SIG_IGN)
            tranship.Process.prepare()
            kill(getpid(), SIGHUP)
            usleep(300_000)
        }
    }

    @Test func `The process raises its limits and writes no core`() async {
        await #expect(processExitsWith: .success) {
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            var limit = rlimit()
            getrlimit(resource, &limit)
            limit.rlim_cur = 100
            setrlimit(resource, &limit)
            tranship.Process.prepare()
            getrlimit(resource, &limit)
            #expect(limit.rlim_cur == limit.rlim_max)
            getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
            #expect(limit.rlim_cur == 0 && limit.rlim_max == 0)
            let filter = try String(
                contentsOfFile: "/proc/self/coredump_filter", encoding: .ascii)
            #expect(filter.allSatisfy { "0\n".contains($0) })
            // A program that collects core dumps would also get the environment.
            #expect(cprocess_is_dumpable() == 0)
        }
    }
}
