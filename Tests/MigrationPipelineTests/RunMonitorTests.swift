// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

@Suite struct RunMonitorTests {
    @Test(arguments: [true, false])
    func `Bytes under way, that arrived and that are spooled are counted apart`(
        isSent: Bool
    ) async throws {
        let monitor = RunMonitor()
        var transfer = Sample.transfer("a")
        transfer.id = 1
        var other = Sample.transfer("b", source: Sample.source("b", sizeBytes: nil))
        other.id = 2
        monitor.started(transfer)
        monitor.started(other)
        let ring = ByteRing()
        monitor.opened(transfer, ring, isSent: isSent)
        try await blocking {
            try noise(10).withUnsafeBytes { try ring.write($0) }
            ring.finishWriting()
            var buffer = [UInt8](repeating: 0, count: 4)
            _ = try buffer.withUnsafeMutableBytes { try ring.read(into: $0) }
        }
        let during = monitor.snapshot()
        #expect(during.active.map(\.doneBytes) == [4, 0])
        #expect(during.active.map(\.transfer.sizeBytes) == [10, nil])
        #expect(during.movedBytes == 4 && during.endedBytes == 0)
        #expect(during.sentBytes == (isSent ? 4 : 0))

        monitor.left(transfer.moved(to: .failed), .ended(transfer))
        let after = monitor.snapshot()
        #expect(after.active.map(\.transfer.id) == [2])
        #expect(after.movedBytes == 4 && after.sentBytes == (isSent ? 4 : 0))
        #expect(after.endedImages == 1 && after.endedBytes == 10)
    }

    @Test func `An image that only waits has not ended`() {
        let told = Guarded(0)
        let monitor = RunMonitor(sink: { _ in told.withLock { $0 += 1 } })
        var transfer = Sample.transfer("a", state: .importing)
        transfer.id = 1
        monitor.started(transfer)
        monitor.left(transfer, .waiting(transfer, seconds: 1))
        #expect(monitor.snapshot().active.isEmpty)
        #expect(monitor.snapshot().endedImages == 0)
        #expect(told.withLock { $0 } == 2)
    }

    @Test func `Sizes that no disk has are summed all the same`() {
        let monitor = RunMonitor()
        for id in 1...3 as ClosedRange<Int64> {
            var transfer = Sample.transfer("a", source: Sample.source(sizeBytes: .max - 1))
            transfer.id = id
            monitor.started(transfer)
            monitor.left(transfer.moved(to: .failed), .ended(transfer))
        }
        #expect(monitor.snapshot().endedBytes == .max)
    }
}
