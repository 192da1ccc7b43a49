// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import MigrationModel

/// The final state of one image at one target, compared with the required state.
struct Standing {
    /// The mistake in the state; nil if there is none.
    var wrong: String?
    /// True if a next run has nothing to try again.
    var isSettled: Bool

    /// The state that a calm run has to reach.
    private enum Ending {
        case copied
        case absent
        /// A record that cannot be filled has the id that should be kept.
        case blocked
        /// The operator's rules allow both.
        case open
    }

    /// Returns the states of all images at all targets.
    ///
    /// - Parameter rows: the rows of the journal of each host on which a process was started, by
    ///   its number.
    static func all(_ world: World, _ rows: [Int: [Transfer]]) -> [Standing] {
        var standings: [Standing] = []
        for target in world.scenario.targets {
            guard let cloud = world.clouds[target.name] else { continue }
            var endings: [Ending] = []
            for source in world.scenario.sources {
                let ending = ending(source, target, cloud, endings)
                endings.append(ending)
                standings.append(standing(source, target, cloud, ending, rows))
            }
        }
        return standings
    }

    private static func ending(
        _ source: Scenario.Source, _ target: Scenario.Target, _ cloud: Cloud, _ before: [Ending]
    ) -> Ending {
        if target.keepID == "true" {
            if source.isURL || cloud.isBurned(source.id) { return .absent }
            if let record = cloud.record(source.id) {
                if !record.isOurs { return .absent }
                if isUnfillable(record, source) { return .blocked }
            }
        }
        if target.taken.contains(source.number) { return .open }
        let givesWay =
            switch target.onConflict {
            case "skip", "fail": true
            case nil: source.isURL
            default: false
            }
        if let isSame = target.namesakes[source.number] {
            if isSame { return .open }
            if givesWay { return .absent }
        }
        // The snapshot has the name of the copy, which an operator may have deleted since.
        if givesWay, cloud.hasSnapshot(of: source) { return .open }
        if source.lies { return .absent }
        // An adopted copy, or one under a kept id, is left alone if nothing proves it.
        let isAdopting =
            cloud.world.hosts.contains(where: \.hasLostJournal)
            || cloud.world.hosts.count > 1 || target.keepID != "false"
        if isAdopting, source.promise == .none { return .open }
        if let kernel = source.kernel,
            before[kernel] != .copied || cloud.holdsBrokenOrphan(of: kernel)
        {
            return .open
        }
        return .copied
    }

    /// True for a record under the source's own id that can no longer get the source's data, and
    /// must not be deleted.
    private static func isUnfillable(
        _ record: Cloud.Record, _ source: Scenario.Source
    ) -> Bool {
        switch record.status {
        case "queued": record.fields["checksum"] != .null
        case "saving", "uploading": true
        case "active": record.data != source.bytes && !record.wasPublished
        default: false
        }
    }

    /// Returns the reason why the journal must not call an id blocked; nil if it may.
    static func wrongBlock(_ world: World, _ row: Transfer) -> String? {
        let place = "\(row.source.displayName) at \(row.targetKey)"
        guard let cloud = world.clouds[row.targetKey], cloud.target?.keepID != "false",
            let source = world.scenario.sources.first(where: { $0.name == row.source.name })
        else { return "\(place): its id is blocked, and need not be kept" }
        let isRequired = cloud.target?.keepID == "true"
        if isRequired, cloud.isBurned(source.id) { return nil }
        // A complete image whose transfer failed was not proved before. The next start looks at it,
        // if anything can prove it.
        guard let record = cloud.record(source.id),
            (isRequired && (!record.isOurs || isUnfillable(record, source)))
                || (record.status == "active" && !record.wasPublished)
                // Another host may have published it since this one looked.
                || (record.status == "active" && cloud.world.hosts.count > 1)
        else {
            return "\(place): its id is free, and the journal says: \(row.failure?.message ?? "")"
        }
        return nil
    }

    private static func standing(
        _ source: Scenario.Source, _ target: Scenario.Target, _ cloud: Cloud, _ ending: Ending,
        _ rows: [Int: [Transfer]]
    ) -> Standing {
        let place = "\(source.name) at \(target.name)"
        let keepsID = target.keepID != "false"
        let all = cloud.records.values.filter {
            $0.isOurs && $0.sourceNumber == source.number
        }.sorted { $0.id < $1.id }
        // Deleting the record would burn the id: with `prefer` it stays beside the copy.
        let copies = all.filter { record in
            guard target.keepID == "prefer", record.id == source.id else { return true }
            let isReported = rows.values.joined().contains {
                $0.source.name == source.name && $0.targetKey == target.name
                    && $0.remarks.contains { $0.words.contains(source.id) }
            }
            let isGivenUp = all.count > 1 && isReported && !record.wasPublished
            return !isGivenUp && !isUnfillable(record, source)
        }
        let own = rows.sorted { $0.key < $1.key }.map { _, rows in
            rows.last { $0.source.displayName == source.name && $0.targetKey == target.name }
        }
        let found = copies.map { "\($0.id) \($0.status)" }.joined(separator: ", ")
        if copies.count > 1 {
            return Standing(wrong: "\(place): doubled: \(found)", isSettled: true)
        }
        let copy = copies.first
        switch ending {
        case .blocked:
            let isSaid = own.allSatisfy { $0?.state != .done && $0?.state != .skipped }
            return Standing(
                wrong: isSaid
                    ? nil : "\(place): its id is blocked, and the journal says it is done",
                isSettled: false)
        case .absent:
            // Two records may stay. One is left to be filled, since deleting it would burn the id.
            // The other has wrong data that a service fetched, and its journal was lost before the
            // data was compared: no host may delete it, and no one sees it.
            let isAllowed = copy.map { copy in
                (keepsID && copy.id == source.id && copy.status != "active")
                    || (copy.isOrphaned && !copy.wasPublished)
            }
            return Standing(
                wrong: isAllowed ?? true ? nil : "\(place): should not be there: \(found)",
                isSettled: false)
        case .copied: return copied(all, copy, found, source, target, own, place)
        case .open:
            // The copy was begun before a snapshot took its name. It continues once the snapshot is
            // gone.
            let waits = cloud.hasSnapshot(of: source) && copy?.wasPublished == false
            if let copy, copy.status != "active", !(keepsID && copy.id == source.id), !waits {
                return Standing(wrong: "\(place): left over: \(found)", isSettled: true)
            }
            guard let copy, copy.wasPublished, copy.data != source.bytes else {
                return Standing(wrong: nil, isSettled: false)
            }
            return Standing(wrong: "\(place): wrong bytes, published", isSettled: false)
        }
    }

    /// Returns the state of the copy that a calm run has to make.
    private static func copied(
        _ all: [Cloud.Record], _ copy: Cloud.Record?, _ found: String, _ source: Scenario.Source,
        _ target: Scenario.Target, _ own: [Transfer?], _ place: String
    ) -> Standing {
        guard let copy else {
            // A record under a kept id has wrong data, and no journal knows any longer where it
            // came from.
            if all.contains(where: { $0.isOrphaned && !$0.wasPublished }) {
                return Standing(wrong: nil, isSettled: false)
            }
            return Standing(
                wrong: "\(place): lost; the journal says "
                    + own.map { Self.words($0) }.joined(separator: ", "), isSettled: false)
        }
        if copy.status != "active" {
            return Standing(wrong: "\(place): left over: \(found)", isSettled: true)
        }
        if copy.isOrphaned, !copy.wasPublished, copy.data != source.bytes {
            return Standing(wrong: nil, isSettled: false)
        }
        var standing = Standing(wrong: nil, isSettled: true)
        for row in own where standing.wrong == nil {
            let next = self.standing(copy, source, target, row, place)
            standing.wrong = next.wrong
            standing.isSettled = standing.isSettled && next.isSettled
        }
        return standing
    }

    private static func words(_ row: Transfer?) -> String {
        (row?.state.rawValue ?? "nothing")
            + (row?.failure.map { ": \($0.code) \($0.message)" } ?? "")
    }

    private static func standing(
        _ copy: Cloud.Record, _ source: Scenario.Source, _ target: Scenario.Target,
        _ row: Transfer?, _ place: String
    ) -> Standing {
        if copy.data != source.bytes {
            return Standing(wrong: "\(place): wrong bytes", isSettled: true)
        }
        let isRefused = source.visibility == "public" && !target.allowsPublic
        let visibility = isRefused ? "private" : source.visibility
        let said = words(row)
        guard copy.fields["visibility"]?.string == visibility else {
            return Standing(
                wrong: "\(place): \(copy.fields["visibility"]?.string ?? "?") instead of "
                    + "\(visibility); the journal says \(said)", isSettled: true)
        }
        let isDone = row?.state == .done || row?.state == .skipped
        guard isDone || (isRefused && row?.state == .unpublished) else {
            return Standing(
                wrong: "\(place): is there, and the journal says \(said)",
                isSettled: true)
        }
        return Standing(wrong: nil, isSettled: isDone)
    }
}

extension Cloud {
    /// True if a record of ours is left whose journal was lost before its data was compared, and
    /// that data is wrong. No run deletes it or fills it, so the image has no copy.
    fileprivate func holdsBrokenOrphan(of number: Int) -> Bool {
        let bytes = world.scenario.sources.first { $0.number == number }?.bytes
        return records.values.contains {
            $0.isOurs && $0.sourceNumber == number && $0.isOrphaned && !$0.wasPublished
                && $0.data != bytes
        }
    }
}
