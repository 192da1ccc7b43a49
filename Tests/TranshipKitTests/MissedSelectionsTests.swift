// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import PipelineFiles
import Testing

@testable import TranshipKit

/// With `projects`, one entry is a source for each project.
@Suite struct MissedSelectionsTests {
    private static let place = FilePosition(file: "p.yaml", line: 4, column: 5)
    private static let other = FilePosition(file: "p.yaml", line: 7, column: 5)

    private func missed(
        _ name: String?, at place: FilePosition = place, listed: Int = 1,
        cause: MissedSelection.Cause? = nil
    ) -> MissedSelection {
        var missed = MissedSelection(
            place: "\(place)", cloud: "alpha", name: name, nearest: nil,
            examples: listed == 0 ? [] : ["a"], listedImages: listed)
        missed.cause = cause
        missed.isOfOneProject = true
        return missed
    }

    private func id(_ id: String, isOthers: Bool = false) -> MissedSelection {
        var missed = MissedSelection.id(
            id, place: "\(Self.place)", what: isOthers ? "other's" : "none", remedy: "r")
        if isOthers { missed.cause = .leftOut(key: "owner", reason: "w", status: nil) }
        return missed
    }

    private func all(
        _ missed: [MissedSelection], of positions: [FilePosition] = [place, place]
    ) -> [MissedSelection] {
        let selections = MissedSelections(of: positions)
        for one in missed { selections.add(one) }
        return selections.all
    }

    @Test func `What one of the projects has is not missed`() {
        #expect(all([missed("x"), id("i")]).isEmpty)
        #expect(all([missed("x"), missed("y"), missed(nil)]).isEmpty)
        // Two entries may name the same.
        let places = [Self.place, Self.place, Self.other, Self.other]
        #expect(all([missed("x"), missed("x", at: Self.other)], of: places).isEmpty)
    }

    @Test func `What all projects lack is missed once`() {
        let found = all([
            missed("y", listed: 3), missed("x", listed: 0), missed("x", listed: 2),
            missed("y", listed: 4), missed(nil), missed(nil),
        ])
        #expect(found.map(\.name) == ["y", "x", nil])
        #expect(found.map(\.listedImages) == [7, 2, 2])
        #expect(found.allSatisfy { $0.examples == ["a"] })
        #expect(all([id("i"), id("i")]).map(\.name) == ["i"])
    }

    @Test func `The best cause is given`() {
        let renamed = MissedSelection.Cause.renamed("new")
        #expect(
            all([missed("x", cause: .gone), missed("x", cause: renamed)]).map(\.cause) == [renamed])
        #expect(
            all([missed("x", cause: renamed), missed("x", cause: .gone)]).map(\.cause) == [renamed])
        #expect(all([missed("x"), missed("x", cause: .gone)]).map(\.cause) == [.gone])
        #expect(all([id("i"), id("i", isOthers: true)]).map(\.words) == ["\(Self.place): other's"])
        #expect(all([id("i", isOthers: true), id("i")]).map(\.words) == ["\(Self.place): other's"])
    }

    @Test func `What is missed for certain counts by itself`() {
        var certain = missed("x")
        certain.isOfOneProject = false
        #expect(all([certain]) == [certain])
        #expect(all([certain, certain]).count == 2)
        #expect(all([missed("x")], of: [Self.place]).map(\.name) == ["x"])
    }
}
