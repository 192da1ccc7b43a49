// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationJournal
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

/// A target whose imports convert the data.
@Suite(.timeLimit(.minutes(5))) struct ConversionTests {
    private let fixture: Fixture
    private var world: FakeWorld { fixture.world }

    init() throws {
        fixture = try Fixture()
        world.state.withLock { $0.importsBecome = "qcow2" }
    }

    private func items(_ reason: PlanReason?, accepts: Bool = false, isInOrder: Bool = false)
        -> [PlanItem]
    {
        (0..<4).map { index in
            var item = fixture.item("i\(index)", method: .glanceDirect)
            item.intent.methodReason = reason
            item.intent.record.acceptsTransformed = accepts
            // Makes the first image end before the others begin.
            if isInOrder, index > 0 {
                item.intent.record.references = ["kernel_id": "image:i0"]
            }
            return item
        }
    }

    @Test func `The first conversion makes auto upload the rest`() async throws {
        let ends = try await fixture.run(
            items(.fillsSeveralStores(.dataIsLocal), isInOrder: true), images: 1)
        #expect(ends.values.allSatisfy { $0.state == .done && $0.method == .upload })
        #expect(ends.values.allSatisfy { $0.remarks.count == 1 })
        #expect(world.log.count { $0.hasPrefix("send ") } == 5)
        #expect(world.log.count { $0.hasPrefix("discard ") } == 1)
    }

    @Test func `A method that the pipeline names is not replaced, and the hint says what to do`()
        async throws
    {
        let ends = try await fixture.run(items(.namedByPipeline), images: 1)
        #expect(ends.values.allSatisfy { $0.failure?.code == .transformed })
        #expect(ends.values.allSatisfy { $0.failure?.hint?.contains("accept_transformed") == true })
    }

    @Test func `What the pipeline accepts is done, and nothing is learnt from it`() async throws {
        let ends = try await fixture.run(items(.namedByPipeline, accepts: true), images: 1)
        #expect(ends.values.allSatisfy { $0.state == .done })
        #expect(world.log.count { $0.hasPrefix("send ") } == 4)
    }
}
