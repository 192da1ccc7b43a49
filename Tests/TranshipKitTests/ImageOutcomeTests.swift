// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@testable import TranshipKit

@Suite struct ImageOutcomeTests {
    private func counts(
        _ planned: [PlanAction: Int], _ states: [TransferState: Int]
    ) -> [ImageOutcome: Int] {
        let tallies = ImageOutcome.tallies(
            planned.map { Tally($0.key, images: $0.value, sizeBytes: 1) },
            states.map { Tally($0.key, images: $0.value, sizeBytes: 1) })
        return Dictionary(uniqueKeysWithValues: tallies.map { ($0.kind, $0.images) })
    }

    @Test func `Every image of the plan is counted once`() {
        let counts = counts(
            [.create: 5, .update: 2, .skip: 40, .conflict: 1, .refuse: 3],
            [.done: 2, .failed: 1, .unpublished: 1, .sending: 1, .planned: 1, .skipped: 31])
        #expect(
            counts == [
                .done: 2, .failed: 1, .unpublished: 1, .unfinished: 2, .conflict: 1, .refused: 3,
                // 40 images were at the target before, and another process copied one.
                .skipped: 41,
            ])
        #expect(counts.values.reduce(0, +) == 51)
    }

    @Test func `A run without a plan counts its transfers`() {
        #expect(counts([:], [.skipped: 3, .done: 1]) == [.skipped: 3, .done: 1])
    }

    @Test func `Groups without images are left out`() {
        #expect(counts([.create: 1], [.done: 1]) == [.done: 1])
    }
}
