// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel

/// How one image stands at one target after everything, against how it should.
struct Standing {
    /// What is wrong with it; nil where nothing is.
    var wrong: String?
    /// Nothing is left to be tried again by a next run.
    var isSettled: Bool

    /// What a calm run has to lead to.
    private enum Ending {
        case copied
        case absent
        /// The operator's rules leave either open.
        case open
    }

    static func all(_ world: World, _ rows: [Transfer], hasLostJournal: Bool) -> [Standing] {
        var standings: [Standing] = []
        for target in world.scenario.targets {
            guard let cloud = world.clouds[target.name] else { continue }
            var endings: [Ending] = []
            for source in world.scenario.sources {
                let ending = ending(source, target, endings, hasLostJournal: hasLostJournal)
                endings.append(ending)
                standings.append(
                    standing(source, target, cloud, ending, rows, hasLostJournal: hasLostJournal))
            }
        }
        return standings
    }

    private static func ending(
        _ source: Scenario.Source, _ target: Scenario.Target, _ before: [Ending],
        hasLostJournal: Bool
    ) -> Ending {
        if target.taken.contains(source.number) { return .open }
        if let isSame = target.namesakes[source.number] {
            if isSame { return .open }
            switch target.onConflict {
            case "skip", "fail": return .absent
            case nil where source.isURL: return .absent
            default: break
            }
        }
        if source.lies { return .absent }
        // What nothing proves is adopted and left alone.
        if hasLostJournal, source.promise == .none { return .open }
        if let kernel = source.kernel, before[kernel] != .copied { return .open }
        return .copied
    }

    private static func standing(
        _ source: Scenario.Source, _ target: Scenario.Target, _ cloud: Cloud, _ ending: Ending,
        _ rows: [Transfer], hasLostJournal: Bool
    ) -> Standing {
        let place = "\(source.name) at \(target.name)"
        let copies = cloud.records.values.filter { $0.isOurs && $0.sourceNumber == source.number }
            .sorted { $0.id < $1.id }
        let row = rows.last { $0.source.displayName == source.name && $0.targetKey == target.name }
        let words = copies.map { "\($0.id) \($0.status)" }.joined(separator: ", ")
        if copies.count > 1 {
            return Standing(wrong: "\(place): doubled: \(words)", isSettled: true)
        }
        let copy = copies.first
        if let copy, copy.status != "active" {
            return Standing(wrong: "\(place): left over: \(words)", isSettled: true)
        }
        switch ending {
        case .absent:
            // What a service fetched wrongly, and whose journal was lost before it
            // was compared: nobody may delete it, and nobody sees it.
            let isAllowed = copy.map { $0.isForgotten && !$0.wasPublished } ?? true
            return Standing(
                wrong: isAllowed ? nil : "\(place): should not be there: \(words)",
                isSettled: false)
        case .copied:
            guard let copy else {
                return Standing(
                    wrong: "\(place): lost; the journal says \(row?.state.rawValue ?? "nothing")"
                        + (row?.failure.map { ": \($0.code) \($0.message)" } ?? ""),
                    isSettled: false)
            }
            return standing(copy, source, target, row, place)
        case .open:
            guard let copy, copy.wasPublished, copy.data != source.bytes else {
                return Standing(wrong: nil, isSettled: false)
            }
            return Standing(wrong: "\(place): wrong bytes, published", isSettled: false)
        }
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
        let state = row?.state.rawValue ?? "nothing"
        let failure = row?.failure.map { ": \($0.code) \($0.message)" } ?? ""
        guard copy.fields["visibility"]?.string == visibility else {
            return Standing(
                wrong: "\(place): \(copy.fields["visibility"]?.string ?? "?") instead of "
                    + "\(visibility); the journal says \(state)\(failure)", isSettled: true)
        }
        let isDone = row?.state == .done || row?.state == .skipped
        guard isDone || (isRefused && row?.state == .unpublished) else {
            return Standing(
                wrong: "\(place): stands there, and the journal says \(state)\(failure)",
                isSettled: true)
        }
        return Standing(wrong: nil, isSettled: isDone)
    }
}
