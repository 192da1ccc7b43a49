// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import Testing

@Suite struct TransferStateTests {
    /// Written a second time on purpose: an edge that is added or lost by accident changes the
    /// states that a crash may leave.
    private static let edges: [TransferState: Set<TransferState>] = [
        .planned: [.reading, .registered, .skipped, .failed],
        .reading: [.planned, .read, .registered, .skipped, .failed],
        .read: [.planned, .registered, .failed],
        .registered: [.planned, .sending, .importing, .verifying, .skipped, .failed],
        .sending: [.planned, .registered, .importing, .verifying, .failed],
        .importing: [.planned, .registered, .verifying, .publishing, .unpublished, .failed],
        .verifying: [.planned, .importing, .publishing, .failed],
        .publishing: [.planned, .done, .unpublished, .failed],
        .done: [], .skipped: [], .unpublished: [], .failed: [],
    ]

    @Test(arguments: TransferState.allCases)
    func `The states that may follow are exactly these`(state: TransferState) {
        #expect(state.successors == Self.edges[state])
    }

    @Test(arguments: TransferState.allCases)
    func `Done is reached only over the comparison and the publishing`(state: TransferState) {
        #expect(state.successors.contains(.done) == (state == .publishing))
        // From `importing` only after the comparison: for a proved image that was copied into
        // further stores.
        if state.successors.contains(.publishing) {
            #expect(state == .verifying || state == .importing)
        }
    }

    @Test func `A state is final or moves data or is looked at, never two of these`() {
        let final = TransferState.allCases.filter(\.isFinal)
        let moving = TransferState.allCases.filter(\.movesData)
        #expect(final == [.done, .skipped, .unpublished, .failed])
        #expect(moving == [.planned, .reading, .read, .registered, .sending])
        #expect(Set(final).isDisjoint(with: moving))
    }

    @Test(arguments: TransferState.allCases)
    func `Every state can end, and an end is one within a run`(state: TransferState) {
        #expect(state.isFinal ? state.successors.isEmpty : state.successors.contains(.failed))
    }
}
