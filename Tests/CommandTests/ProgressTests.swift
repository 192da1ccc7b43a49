// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import TestSupport
import Testing

@testable import tranship

/// Sizes are what a source claims.
@Suite struct ProgressTests {
    @Test func `A run of any size has a line`() {
        var snapshot = RunProgress()
        snapshot.endedBytes = .max - 1
        snapshot.active = [(Sample.transfer("a"), .max - 1), (Sample.transfer("b"), .max - 1)]
        let total = Total(
            snapshot: snapshot, work: (images: 3, sizeBytes: .max), bytesPerSecond: 2)
        #expect(total.line.contains("0 of 3 images, 8388608.0 TiB of 8388608.0 TiB"))
        let slow = Total(
            snapshot: RunProgress(), work: (images: 3, sizeBytes: .max), bytesPerSecond: 1.5)
        #expect(slow.line.contains("left"))
    }

    @Test(arguments: [1, 1.5, 1e300, .infinity, .nan] as [Double])
    func `One image of any size has a line at any speed`(speed: Double) {
        let bar = DataBar(what: "a", doneBytes: 0, sizeBytes: .max, bytesPerSecond: speed)
        #expect(bar.line.hasPrefix("a: 0 B of 8388608.0 TiB (0%)"))
        #expect(!bar.text(columns: 80).isEmpty)
    }
}
