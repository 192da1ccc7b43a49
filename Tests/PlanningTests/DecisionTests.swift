// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import MigrationJournal
@testable import Planning

@Suite struct DecisionTests {
    /// One row of the table: the state in the journal and the images at the target.
    struct Situation: Sendable, CustomTestStringConvertible {
        var known: Transfer?
        var ours: [TargetImage] = []
        var namesakes: [TargetImage] = []
        var isPromised = true

        var standing: TargetImage? {
            ours.first(where: \.isWhole)
        }

        var testDescription: String {
            let journal = known.map { "\($0.state.rawValue) \($0.imageID ?? "-")" } ?? "nothing"
            let target = (ours + namesakes).map {
                "\($0.id) \($0.status) \($0.checksums.map(\.description.first))"
            }
            return "journal: \(journal); target: \(target); promised: \(isPromised)"
        }
    }

    private static let right = "right"

    static func item(isPromised: Bool = true) throws -> PlanItem {
        let checksums = isPromised ? [try Sample.checksum(.md5, "a")] : []
        return Sample.item("s", source: Sample.source("s", checksums: checksums))
    }

    static func decide(
        _ situation: Situation, onConflict: OnConflict = .keepBoth
    ) throws -> PlanItem {
        Decision(onConflict: onConflict).decide(
            PlanComparison(
                position: 1, item: try item(isPromised: situation.isPromised),
                transfer: situation.known, ours: situation.ours, namesakes: situation.namesakes))
    }

    /// Returns a transfer as the journal may hold it, in any possible state.
    static func known(_ state: TransferState, _ imageID: String?) -> Transfer {
        var transfer = Sample.transfer("s", state: state, imageID: imageID)
        transfer.id = 7
        transfer.placement.generation = 2
        transfer.tries.attempts = 3
        transfer.tries.importFailures = 1
        transfer.wait.dueAt = 99
        if state == .failed {
            transfer.tries.failure = .init(TranshipError(.timedOut, "slow"))
            transfer.placement.claimContents()
        }
        return transfer
    }

    private static func table() throws -> [Situation] {
        var journal: [Transfer?] = [nil]
        for state in TransferState.allCases {
            let ids: [String?] =
                switch state {
                case .planned, .reading, .read: [nil]
                case .failed: [nil, "s-0", "other"]
                default: ["s-0", "other"]
                }
            journal += ids.map { known(state, $0) }
        }
        let checksums = [
            [], [try Sample.checksum(.md5, "a")], [try Sample.checksum(.md5, "b")],
            [try Sample.checksum(.sha512, "c")],
        ]
        let statuses: [ImageStatus] = [
            .queued, .saving, .uploading, .importing, .active, .deactivated, .killed,
        ]
        let marker = Sample.origin(of: "s").propertyValue
        var target: [[TargetImage]] = [[]]
        for status in statuses {
            for sums in checksums {
                target.append([
                    Sample.target("s-0", status: status, checksums: sums, marker: marker)
                ])
            }
        }
        let namesakes: [[TargetImage]] = [
            [], [Sample.target("n", checksums: [try Sample.checksum(.md5, "b")])],
            [Sample.target("n", checksums: [try Sample.checksum(.md5, "a")])],
        ]
        var table: [Situation] = []
        for known in journal {
            for ours in target {
                for others in namesakes {
                    for isPromised in [true, false] {
                        table.append(
                            Situation(
                                known: known, ours: ours, namesakes: others,
                                isPromised: isPromised))
                    }
                }
            }
        }
        return table
    }

    // MARK: Over all combinations

    @Test func `If a copy of ours is at the target, no other one is made`() throws {
        for situation in try Self.table() {
            guard let standing = situation.standing else { continue }
            let item = try Self.decide(situation)
            guard [.create, .update].contains(item.action) else { continue }
            #expect(item.start?.imageID == standing.id, "\(situation)")
        }
    }

    @Test func `Nothing unproved is skipped`() throws {
        for situation in try Self.table() {
            let item = try Self.decide(situation)
            guard item.action == .skip else { continue }
            let promised = situation.isPromised ? [try Sample.checksum(.md5, "a")] : []
            let found = situation.standing ?? situation.namesakes.first
            let isProvedByBytes = found?.checksums.contains { promised.contains($0) } == true
            let isProvedBefore =
                [.done, .skipped].contains(situation.known?.state)
                && situation.known?.imageID == situation.standing?.id
            #expect(isProvedByBytes || isProvedBefore, "\(situation)")
        }
    }

    /// Returns true if, by the journal, this run's own, unproved copy is at the target.
    private static func isUnproved(_ situation: Situation) -> Bool {
        guard let known = situation.known, let standing = situation.standing else { return false }
        let proved: [TransferState] = [.done, .skipped, .unpublished, .publishing]
        return known.imageID == standing.id && known.placement.isFilledByUs
            && !proved.contains(known.state)
    }

    @Test func `A copy of ours with other data is a conflict once it was proved, or unknown`()
        throws
    {
        let wrong = try Sample.checksum(.md5, "b")
        for situation in try Self.table() where situation.isPromised {
            guard situation.standing?.checksums.contains(wrong) == true,
                !Self.isUnproved(situation)
            else { continue }
            let item = try Self.decide(situation)
            #expect(item.action == .conflict, "\(situation)")
            #expect(item.reason?.words.contains("\(wrong)") == true)
        }
    }

    /// The discarding failed, or the process died before it: no other run will discard the copy.
    @Test func `A copy of ours with other data that was never proved is gone on with`() throws {
        let wrong = try Sample.checksum(.md5, "b")
        for situation in try Self.table() where situation.isPromised {
            guard situation.standing?.checksums.contains(wrong) == true,
                Self.isUnproved(situation)
            else { continue }
            let item = try Self.decide(situation)
            #expect(item.action == .create, "\(situation)")
            #expect(item.start?.placement.isAdopted != true)
        }
    }

    @Test func `Work starts with fresh tries, and on a record only when there is one`() throws {
        for situation in try Self.table() {
            let item = try Self.decide(situation)
            guard [.create, .update].contains(item.action) else { continue }
            let start = try #require(item.start, "\(situation)")
            #expect(!start.state.isFinal, "\(situation)")
            #expect(start.tries.attempts == 0 && start.wait.dueAt == nil, "\(situation)")
            #expect(start.tries.importFailures == 0, "\(situation)")
            let needsRecord =
                ![TransferState.planned, .reading, .read].contains(start.state)
            #expect((start.imageID != nil) == needsRecord, "\(situation)")
            #expect(start.source == item.source)
        }
    }

    @Test func `What the journal does not know is adopted, and never to be discarded`() throws {
        for situation in try Self.table() {
            guard let standing = situation.standing else { continue }
            let item = try Self.decide(situation)
            guard let start = item.start else { continue }
            #expect(
                (start.placement.isAdopted) == (situation.known?.imageID != standing.id),
                "\(situation)")
        }
    }

    @Test func `Work that was begun goes on in the same record and state`() throws {
        for situation in try Self.table() where situation.standing == nil {
            guard let known = situation.known, !known.state.isFinal, known.state != .planned
            else { continue }
            let item = try Self.decide(situation)
            #expect(item.action == .create, "\(situation)")
            #expect(item.start?.state == known.state && item.start?.imageID == known.imageID)
        }
    }

    @Test(arguments: [TransferState.done, .skipped, .unpublished])
    func `A copy that someone deleted comes back under the next id`(state: TransferState) throws {
        let item = try Self.decide(Situation(known: Self.known(state, "s-0")))
        #expect(item.action == .create)
        #expect(item.start?.placement.generation == 3)
        #expect(item.start?.imageID == nil)
        #expect(item.reason == .deletedAtTarget(imageID: "s-0"))
    }

    // MARK: One by one

    @Test func `What cannot be copied is refused before anything else is looked at`() throws {
        var item = try Self.item()
        item.refusal = .init(TranshipError(.refused, "it has no data"))
        let decided = Decision(onConflict: .keepBoth).decide(
            PlanComparison(
                position: 1, item: item, transfer: Self.known(.done, "s-0"),
                ours: [Sample.target("s-0")], namesakes: []))
        #expect(decided.action == .refuse)
        #expect(decided.reason == .refused(message: "it has no data"))
        #expect(decided.start == nil)
    }

    @Test func `An image that is nowhere is created`() throws {
        let item = try Self.decide(Situation())
        #expect(item.action == .create)
        #expect(item.reason == .notAtTarget)
        #expect(item.start?.state == .planned)
        #expect(item.start?.proof.promised == item.promise)
    }

    @Test func `A proved copy whose last step was refused is published once more`() throws {
        var changed = Self.known(.unpublished, "s-0")
        changed.intent.record.visibility = .public
        let item = try Self.decide(Situation(known: changed, ours: [Sample.target("s-0")]))
        #expect(item.action == .update)
        #expect(item.start?.state == .publishing)
        // By today's plan, not by the one that was refused.
        #expect(item.start?.record.visibility == .private)
    }

    @Test(arguments: [TransferState.done, .unpublished])
    func `A proved copy that is missing in a store is copied there, and never discarded`(
        state: TransferState
    ) throws {
        var item = try Self.item()
        item.intent.record.stores = .all
        var standing = Sample.target("s-0")
        standing.stores = ["fast"]
        let decided = Decision(onConflict: .keepBoth, allStores: ["fast", "slow"]).decide(
            PlanComparison(
                position: 1, item: item, transfer: Self.known(state, "s-0"), ours: [standing],
                namesakes: []))
        #expect(decided.action == .update)
        #expect(decided.reason == .missingInStores(imageID: "s-0", stores: ["slow"]))
        #expect(decided.start?.state == .verifying && decided.start?.placement.isAdopted == true)
    }

    @Test func `With a lost journal a copy is known by its id and proved by its checksum`() throws {
        let marker = Sample.origin(of: "s").propertyValue
        var standing = Sample.target(
            "s-0", checksums: [try Sample.checksum(.md5, "a")], marker: marker)
        let skipped = try Self.decide(Situation(ours: [standing]))
        #expect(skipped.action == .skip)
        #expect(skipped.start?.state == .skipped && skipped.start?.imageID == "s-0")

        // The last step is missing: the copy was never published.
        var item = try Self.item()
        item.intent.record.visibility = .public
        let published = Decision(onConflict: .keepBoth).decide(
            PlanComparison(
                position: 1, item: item, transfer: nil, ours: [standing], namesakes: []))
        #expect(published.action == .update)
        #expect(published.start?.state == .verifying)
        #expect(published.start?.intent.record.updatedFrom == nil)

        standing = Sample.target("s-0", marker: marker)
        let proved = try Self.decide(Situation(ours: [standing], isPromised: false))
        #expect(proved.action == .update)
        #expect(proved.start?.state == .verifying && proved.start?.placement.isAdopted == true)
    }

    @Test func `A deactivated copy that nothing proves is a conflict`() throws {
        let item = try Self.decide(
            Situation(ours: [Sample.target("s-0", status: .deactivated)], isPromised: false))
        #expect(item.action == .conflict)
    }

    @Test func `With a lost journal an unfinished record is continued`() throws {
        let marker = Sample.origin(of: "s").propertyValue
        let queued = Sample.target("s-0", status: .queued, marker: marker)
        let item = try Self.decide(Situation(ours: [queued]))
        #expect(item.action == .create)
        #expect(item.start?.state == .registered && item.start?.imageID == "s-0")

        let later = Sample.target("s-3", status: .queued, marker: marker)
        let other = try Self.decide(Situation(ours: [later]))
        #expect(other.action == .create)
        #expect(other.start?.state == .planned && other.start?.imageID == nil)
    }

    @Test(
        arguments: [("s-0", TransferState.registered), (nil, .planned)]
            as [(String?, TransferState)])
    func `What failed before is tried again where it may have left a record`(
        imageID: String?, state: TransferState
    ) throws {
        let item = try Self.decide(Situation(known: Self.known(.failed, imageID)))
        #expect(item.action == .create)
        #expect(item.start?.state == state)
        #expect(item.start?.placement.generation == 2)
        #expect(item.reason == .failedBefore(code: .timedOut))
    }

    @Test func `What failed is tried again by the method that the pipeline names now`() throws {
        /// Returns the method of the transfer that a plan starts.
        func started(
            _ before: (UploadMethod, PlanReason), _ now: (UploadMethod, PlanReason)
        ) throws -> UploadMethod? {
            var known = Self.known(.failed, "s-0")
            (known.intent.method, known.intent.methodReason) = before
            known.intent.fallbacks = []
            var item = try Self.item()
            (item.intent.method, item.intent.methodReason) = now
            return Decision(onConflict: .keepBoth).decide(
                PlanComparison(position: 1, item: item, transfer: known, ours: [], namesakes: [])
            ).start?.method
        }
        let automatic = PlanReason.fillsSeveralStores(.dataIsLocal)
        let failed = PlanReason.methodFailed(.glanceDirect, message: "it converts")
        #expect(
            try started((.glanceDirect, .namedByPipeline), (.upload, .namedByPipeline)) == .upload)
        #expect(
            try started((.upload, failed), (.glanceDirect, .namedByPipeline)) == .glanceDirect)
        #expect(
            try started((.upload, .namedByPipeline), (.glanceDirect, automatic)) == .glanceDirect)
        // `auto` found this method after another one had failed.
        #expect(try started((.upload, failed), (.glanceDirect, automatic)) == .upload)
    }

    // MARK: Others under the same name

    private func other(_ digit: Character = "b") throws -> [TargetImage] {
        [Sample.target("n", checksums: [try Sample.checksum(.md5, digit)])]
    }

    @Test(arguments: [TransferState.planned, .registered, .sending, .verifying, .publishing])
    func `What was begun goes on with the fields of now`(state: TransferState) throws {
        var known = Self.known(state, state == .planned ? nil : "right")
        known.intent.record.visibility = .community
        known.intent.record.properties = ["note": "old"]
        let item = try Self.decide(Situation(known: known))
        let record = try #require(item.start?.record)
        #expect(record.visibility == item.record.visibility)
        #expect(record.properties == item.record.properties)
        #expect((record.updatedFrom?.properties == ["note": "old"]) == (state != .planned))
        #expect(record.updatedFrom?.wasPublished != true)
    }

    @Test func `The same data under the same name is not copied once more`() throws {
        let item = try Self.decide(Situation(namesakes: try other("a")))
        #expect(item.action == .skip)
        // The journal needs the item, so that images that name this one find it.
        #expect(item.start?.state == .skipped && item.start?.imageID == "n")
    }

    @Test(arguments: [ImageStatus.queued, .deactivated])
    func `Data that cannot be read there does not count`(status: ImageStatus) throws {
        var namesake = try other("a")[0]
        namesake.status = status
        let item = try Self.decide(Situation(namesakes: [namesake]))
        #expect(item.action == .create)
    }

    @Test(
        arguments: [
            (.keepBoth, .create), (.update, .create), (.replace, .conflict), (.skip, .skip),
            (.fail, .conflict), (.rename, .create),
        ] as [(OnConflict, PlanAction)])
    func `Different data under the same name is what the pipeline says`(
        rule: OnConflict, action: PlanAction
    ) throws {
        let item = try Self.decide(Situation(namesakes: try other()), onConflict: rule)
        #expect(item.action == action)
        #expect(item.reason?.words.contains("(n)") == true)
        #expect((item.start != nil) == (action == .create))
        let name = rule == .rename ? "sample (aaaaaaaa)" : "sample"
        #expect(item.record.name == name)
        if action == .create { #expect(item.start?.record.name == name) }
    }

    @Test func `Copies of ours of other images are not conflicts`() throws {
        var copy = try other()[0]
        copy.originValue = "l/v"
        let item = try Self.decide(Situation(namesakes: [copy]), onConflict: .fail)
        #expect(item.action == .create)
    }

    @Test(
        arguments: [
            (.keepBoth, .create), (.update, .create), (.replace, .conflict), (.skip, .skip),
            (.fail, .conflict), (.rename, .create),
        ] as [(OnConflict, PlanAction)])
    func `An image whose marker proves nothing is a conflict as any other`(
        rule: OnConflict, action: PlanAction
    ) throws {
        var copy = try other()[0]
        (copy.originValue, copy.ownerID) = ("l/v", "p")
        for known in [nil, Self.known(.registered, "s-0"), Self.known(.done, "gone")] {
            var comparison = PlanComparison(
                position: 1, item: try Self.item(), transfer: known, ours: [], namesakes: [copy])
            comparison.strangers = ["n"]
            var decision = Decision(onConflict: rule)
            decision.projectID = copy.ownerID
            let item = decision.decide(comparison)
            // A begun copy continues if there may be two images of one name.
            let goesOn = known?.state == .registered && ![.fail, .skip].contains(rule)
            #expect(item.action == (goesOn ? .create : action), "\(rule)")
            #expect(item.reason?.words.contains("(n)") == !goesOn)
        }
    }

    // MARK: Kept ids

    private static func keeping(
        _ rule: PlannedRecord.KeptID, known: Transfer? = nil, holder: TargetImage? = nil,
        namesakes: [TargetImage] = []
    ) throws -> PlanItem {
        var item = try item()
        item.intent.record.keptID = rule
        item.firstImageID = "s"
        return Decision(onConflict: .keepBoth).decide(
            PlanComparison(
                position: 1, item: item, transfer: known, ours: [], namesakes: namesakes,
                holder: holder))
    }

    @Test func `An id that another image has is a conflict, or is not kept`() throws {
        let holder = Sample.target("s", name: "theirs")
        let required = try Self.keeping(.required, holder: holder)
        #expect(required.action == .conflict)
        #expect(
            required.reason == .keptIDTaken(imageID: "s", name: "theirs"))
        let preferred = try Self.keeping(.preferred, holder: holder)
        #expect(preferred.action == .create)
        #expect(preferred.notes.last?.words.hasSuffix("it gets another") == true)
    }

    @Test func `The same data under the same id is not copied once more`() throws {
        let holder = Sample.target("s", checksums: [try Sample.checksum(.md5, "a")])
        let item = try Self.keeping(.required, holder: holder)
        #expect(item.action == .skip && item.start?.imageID == "s")
        #expect(item.start?.placement.isAdopted == true)
        // Under another id, it is not a copy with the source's id.
        let namesake = Sample.target("n", checksums: [try Sample.checksum(.md5, "a")])
        #expect(try Self.keeping(.required, namesakes: [namesake]).action == .create)
        #expect(try Self.keeping(.preferred, namesakes: [namesake]).action == .skip)
    }

    @Test func `Of two copies of ours the one with the right data counts`() throws {
        let wrong = Sample.target("s", checksums: [try Sample.checksum(.md5, "b")])
        let right = Sample.target("s-1", checksums: [try Sample.checksum(.md5, "a")])
        for ours in [[wrong, right], [right, wrong]] {
            for known in [nil, Self.known(.failed, "s"), Self.known(.done, "s-1")] {
                let item = try Self.decide(Situation(known: known, ours: ours))
                #expect(item.action == .skip || item.action == .update)
                #expect(item.start?.imageID ?? known?.imageID == "s-1")
            }
        }
    }

    @Test func `A kept id that was deleted at the target is gone for ever`() throws {
        func known(_ rule: PlannedRecord.KeptID) -> Transfer {
            var transfer = Self.known(.done, "s")
            transfer.placement.generation = 0
            transfer.intent.record.keptID = rule
            return transfer
        }
        let required = try Self.keeping(.required, known: known(.required))
        #expect(required.action == .conflict)
        #expect(
            required.reason == .keptIDDeleted(imageID: "s"))
        let preferred = try Self.keeping(.preferred, known: known(.preferred))
        #expect(preferred.action == .create && preferred.start?.placement.generation == 1)
        #expect(preferred.start?.imageID == nil)
        #expect(preferred.start?.remarks.count == 1)
    }
}
