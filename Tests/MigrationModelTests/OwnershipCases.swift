// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import TestSupport

/// All facts that decide whose a record is.
struct OwnershipFacts: Hashable, CustomStringConvertible {
    enum ID: String, CaseIterable {
        case row = "the row's"
        case derived = "one we derive"
        case kept = "the source's, to be kept"
        case givenUp = "the source's, given up"
        case other = "any other"
    }

    enum Marker: String, CaseIterable {
        case ours, missing
        case otherVersion = "of another version"
    }

    enum Data: String, CaseIterable {
        case none
        case sentByUs = "sent by this journal"
        case sentByOthers = "sent by another process"
        case adopted
    }

    var id: ID
    var marker: Marker
    var data: Data
    var isInOtherProject: Bool

    var description: String { "\(id) / \(marker) / \(data) / other project: \(isInOtherProject)" }

    static var all: [OwnershipFacts] {
        ID.allCases.flatMap { id in
            Marker.allCases.flatMap { marker in
                Data.allCases.flatMap { data in
                    [false, true].map {
                        OwnershipFacts(
                            id: id, marker: marker, data: data, isInOtherProject: $0)
                    }
                }
            }
        }
    }

    /// The answer for an image and a row with these facts.
    var ownership: Ownership {
        let source = Sample.source("s")
        var record = Sample.record()
        if id == .kept || id == .givenUp { record.keptID = .preferred }
        var transfer = Sample.transfer("s", source: source, record: record, state: .registered)
        switch data {
        case .none: break
        case .sentByUs: transfer.placement.claimContents()
        case .sentByOthers: transfer.placement.yieldContents()
        case .adopted: transfer.placement.adoptContents()
        }
        let imageID =
            switch id {
            case .row: "row"
            case .derived: ImageIdentity.imageID(of: source, project: "p", generation: 49)
            case .kept, .givenUp: "s"
            case .other: ImageIdentity.imageID(of: source, project: "p", generation: 50)
            }
        transfer.placement.imageID = id == .row || id == .kept ? imageID : "another"
        if id == .givenUp { transfer.placement.generation = 1 }
        let origin = transfer.origin
        var image = Sample.target(
            imageID, status: data == .none ? .queued : .active,
            marker: marker == .ours ? origin.propertyValue : marker == .missing ? nil : "l/x")
        image.ownerID = isInOtherProject ? "q" : "p"
        return Ownership(
            of: image, source: source, record: record, origin: origin, transfer: transfer,
            projectID: "p", project: .only("p"))
    }
}

/// One row of the table in docs/journal.md. Nil means every value.
struct OwnershipCase {
    var ids: Set<OwnershipFacts.ID>
    var isMarked: Bool
    var data: Set<OwnershipFacts.Data>?
    var isInOtherProject: Bool?
    var ownership: Ownership

    /// The rows. The first row that covers the facts counts.
    static let all: [OwnershipCase] = [
        .init([.row], true, [.sentByUs], true, .otherProject),
        .init([.row], true, [.none, .sentByOthers, .adopted], true, .planted),
        .init([.row], true, [.none, .sentByUs], false, .oursByRow),
        .init([.row], true, [.sentByOthers], false, .anotherHosts),
        .init([.row], true, [.adopted], false, .adopted),
        .init([.row], false, [.adopted], nil, .accepted),
        .init([.row], false, [.none, .sentByUs, .sentByOthers], nil, .unmarked),
        .init([.derived], true, nil, true, .planted),
        .init([.derived], true, nil, false, .oursByDerivation),
        .init([.derived], false, nil, nil, .unmarked),
        .init([.kept], true, [.sentByUs], true, .keptID),
        .init([.kept], true, [.none, .sentByOthers, .adopted], true, .holdsKeptID),
        .init([.kept], true, nil, false, .keptID),
        .init([.kept], false, [.adopted], nil, .accepted),
        .init([.kept], false, [.none, .sentByUs, .sentByOthers], nil, .holdsKeptID),
        .init([.givenUp], true, nil, nil, .givenUpKeptID),
        .init([.givenUp], false, nil, nil, .holdsKeptID),
        .init([.other], true, nil, nil, .forged),
        .init([.other], false, nil, nil, .foreign),
    ]

    private init(
        _ ids: Set<OwnershipFacts.ID>, _ isMarked: Bool, _ data: Set<OwnershipFacts.Data>?,
        _ isInOtherProject: Bool?, _ ownership: Ownership
    ) {
        self.ids = ids
        self.isMarked = isMarked
        self.data = data
        self.isInOtherProject = isInOtherProject
        self.ownership = ownership
    }

    func covers(_ facts: OwnershipFacts) -> Bool {
        ids.contains(facts.id) && isMarked == (facts.marker == .ours)
            && data?.contains(facts.data) ?? true
            && isInOtherProject ?? facts.isInOtherProject == facts.isInOtherProject
    }

    /// The row, in Markdown.
    var line: String {
        let ids = OwnershipFacts.ID.allCases.filter(self.ids.contains).map(\.rawValue)
        let data = self.data.map { set in
            OwnershipFacts.Data.allCases.filter(set.contains).map(\.rawValue)
        }
        let project = isInOtherProject.map { $0 ? "another" : "the copy's" }
        func sign(_ flag: Bool) -> String { flag ? "yes" : "–" }
        let cells = [
            ids.joined(separator: ", "), isMarked ? "ours" : "missing, or of another version",
            data?.joined(separator: ", ") ?? "any", project ?? "any", "`\(ownership.rawValue)`",
            sign(ownership.isCopy), sign(ownership.isOurs), sign(ownership.mayBeDiscarded),
            sign(ownership.mayBeCleaned), sign(ownership.mayBeRetired),
            sign(ownership.mayBeUndone),
        ]
        return "| \(cells.joined(separator: " | ")) |\n"
    }

    static var table: String {
        """
        | its id is | its marker is | its data is | its project is | it is | compared as the copy | gone on with | discarded | cleaned | retired | rolled back |
        |---|---|---|---|---|---|---|---|---|---|---|

        """ + all.map(\.line).joined()
    }
}
