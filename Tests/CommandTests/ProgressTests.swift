// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport
import Testing
import TranshipKit

@testable import tranship

/// Progress with the sizes that a source claims.
@Suite struct ProgressTests {
    @Test func `A run of any size has a line`() {
        var snapshot = RunProgress()
        snapshot.endedBytes = .max - 1
        snapshot.active = [(Sample.transfer("a"), .max - 1), (Sample.transfer("b"), .max - 1)]
        var watch = ProgressWatch(runID: 1, work: (images: 3, sizeBytes: .max), startedAt: 0)
        let total = Total(live: watch.look(snapshot, at: 1000), snapshot: snapshot)
        #expect(total.line.contains("0 of 3 images, 8388608.0 TiB of 8388608.0 TiB"))
        var slow = ProgressWatch(runID: 1, work: (images: 3, sizeBytes: .max), startedAt: 0)
        snapshot = RunProgress()
        snapshot.movedBytes = 3
        let slowTotal = Total(live: slow.look(snapshot, at: 2000), snapshot: snapshot)
        #expect(slowTotal.line.contains("left"))
    }

    @Test func `An image keeps the time of its state until the state changes`() {
        var watch = ProgressWatch(runID: 1, work: (images: 2, sizeBytes: 20), startedAt: 0)
        var snapshot = RunProgress()
        var transfer = Sample.transfer("a", state: .importing, imageID: "i")
        transfer.id = 7
        snapshot.active = [(transfer, 0)]
        func since(_ milliseconds: Int64) -> [Int64] {
            watch.look(snapshot, at: milliseconds).images.map(\.stateSince)
        }
        let first = since(1000)
        snapshot.active = []
        snapshot.waiting = [transfer]
        let second = since(5000)
        snapshot.waiting = []
        let none = since(6000)
        snapshot.active = [(transfer, 0)]
        let again = since(7000)
        #expect([first, second, none, again] == [[1000], [1000], [], [7000]])
    }

    @Test func `What the target has counts as sent`() {
        var watch = ProgressWatch(runID: 1, work: (images: 1, sizeBytes: 10), startedAt: 0)
        var snapshot = RunProgress()
        snapshot.active = [(Sample.transfer("a", state: .publishing, imageID: "i"), 0)]
        let live = watch.look(snapshot, at: 1000)
        #expect(live.doneBytes == 10 && live.images.first?.doneBytes == 10)
    }

    @Test func `A log gets a line a minute, and only if something moved`() {
        var log = ProgressLog(startedAt: 0)
        var live = Pictures.live
        var due = [log.isDue(live, at: 59), log.isDue(live, at: 60)]
        live.doneBytes += 1
        due += [log.isDue(live, at: 100), log.isDue(live, at: 121), log.isDue(live, at: 500)]
        live.endedImages += 1
        due.append(log.isDue(live, at: 501))
        #expect(due == [false, true, false, true, false, true])
    }

    @Test func `A run that moves nothing says what it waits for, once`() throws {
        var transfer = Sample.transfer("a", state: .sending, imageID: "i")
        transfer.wait.cause = .brokenBody(status: .saving)
        var snapshot = RunProgress()
        snapshot.waiting = [transfer, Sample.transfer("b")]
        var watch = ProgressWatch(runID: 1, work: (images: 2, sizeBytes: 20), startedAt: 0)
        let live = watch.look(snapshot, at: 1000)
        let words =
            "name of a and 1 other waiting: the target still holds a body that broke off (saving); "
            + "after \(WaitReason.brokenBodyLooksMax) s the data is sent again"
        #expect(Total(live: live, snapshot: snapshot).line.hasSuffix("0 in flight, \(words)"))
        let screen = RunScreen(live: live, headline: "", columns: 80).lines
        #expect(screen.contains { $0.hasPrefix("… name of a and 1 other waiting: ") }, "\(screen)")
        var log = ProgressLog(startedAt: 0)
        #expect([60, 121].map { log.isDue(live, at: $0) } == [true, false])
        snapshot.active = [(transfer, 0)]
        #expect(watch.look(snapshot, at: 2000).standstill == nil)
    }

    @Test func `The mode comes from the option, then from the environment`() throws {
        let environment = ["TRANSHIP_PROGRESS": "plain"]
        #expect(try ProgressMode.of(nil, environment: environment) == .plain)
        #expect(try ProgressMode.of(.quiet, environment: environment) == .quiet)
        #expect(try ProgressMode.of(nil, environment: ["TRANSHIP_PROGRESS": ""]) == .auto)
        #expect(throws: (any Error).self) {
            try ProgressMode.of(nil, environment: ["TRANSHIP_PROGRESS": "loud"])
        }
    }

    @Test func `Only a terminal that can move its cursor gets a drawing`() {
        let auto = ProgressMode.auto
        #expect(auto.style(isTerminal: true, canDraw: true).draws)
        let dumb = auto.style(isTerminal: true, canDraw: false)
        #expect(!dumb.draws && dumb.writes && !dumb.isForLogs)
        let log = auto.style(isTerminal: false, canDraw: false)
        #expect(!log.draws && log.writes && log.isForLogs)
        #expect(!ProgressMode.quiet.style(isTerminal: true, canDraw: true).draws)
        #expect(ProgressMode.tty.style(isTerminal: false, canDraw: false).draws)
    }

    @Test(
        arguments: [
            (["WT_SESSION": "1"], true), (["TERM_PROGRAM": "WezTerm"], true),
            (["TERM_PROGRAM": "ghostty"], true), (["ConEmuANSI": "ON"], true), ([:], false),
            (["TERM_PROGRAM": "iTerm.app"], false), (["WT_SESSION": "1", "TMUX": "x"], false),
        ] as [([String: String], Bool)])
    func `The tab shows progress only where it is understood`(
        environment: [String: String], isUnderstood: Bool
    ) {
        #expect(TabProgress.isUnderstood(environment) == isUnderstood)
    }

    @Test(arguments: [1, 1.5, 1e300, .infinity, .nan] as [Double])
    func `One image of any size has a line at any speed`(speed: Double) {
        let bar = DataBar(what: "a", doneBytes: 0, sizeBytes: .max, bytesPerSecond: speed)
        #expect(bar.line.hasPrefix("a: 0 B of 8388608.0 TiB (0%)"))
        #expect(!bar.text(columns: 80).isEmpty)
    }
}
