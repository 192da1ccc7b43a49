// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import MigrationModel
import TranshipKit

/// Plays the month of a nightly mirror. Each night has an event and starts that die. The last start
/// has to bring the clouds into the state that the shelf of the night requires.
extension Simulator.Play {
    private static let dayMilliseconds: Int64 = 24 * 3_600_000
    /// The time that a start waits for a silent cloud before an operator ends it: enough for the
    /// other cloud.
    private static let silentMilliseconds: Int64 = 3_600_000

    func perform(_ nights: Nights) throws(TranshipError) {
        var shelves = world.scenario.targets.map { _ in Shelf() }
        // The version that the source offered in the last night without a fault of the source.
        var offered = 0
        for (index, night) in nights.nights.enumerated() {
            guard world.watch.violations.isEmpty, let publisher = world.publisher else { return }
            let end = world.timeline.now + Self.dayMilliseconds
            let event = try begin(night, publisher, &shelves)
            world.say("NIGHT \(index + 1): \(event)\(night.publishes ? ", and a new version" : "")")
            for death in night.deaths { start(publisher, dieAfterSteps: death) }
            let isWhole = settle(publisher)
            let latest = publisher.versions.last?.number ?? 0
            // The version before the latest one may still be one that no start has seen.
            let isNewHere = event == .goesBackwards && latest - 1 > offered
            let seen = isNewHere ? latest - 1 : event.isFaulty ? offered : latest
            for (number, target) in world.scenario.targets.enumerated() {
                let rules = nights.rules[number]
                let isAway = [world.downCloud, world.silentCloud].contains(target.name)
                let next =
                    isAway || seen == 0 ? shelves[number] : shelves[number].after(seen, rules)
                var allowed = event.isFaulty && !isNewHere ? [shelves[number], next] : [next]
                // An earlier start of the night may have finished before it died. If a version gave
                // its name back in that start, this start may delete it.
                if next != shelves[number], seen > 0 { allowed.append(next.after(seen, rules)) }
                let found = world.clouds[target.name]?.shelfWords ?? ""
                guard let shelf = allowed.first(where: { $0.words == found }) else {
                    world.violation(
                        "night \(index + 1) (\(event)), \(target.name): \(found) is there, and not "
                            + allowed.map(\.words).joined(separator: " or "))
                    continue
                }
                shelves[number] = shelf
            }
            check(isWhole, after: event, &shelves, nights, night: index + 1)
            offered = seen
            world.isCalm = false
            world.timeline.pass(max(0, end - world.timeline.now))
        }
    }

    /// Checks that a good night ends well, and that another start then does only the work that has
    /// become due. A bad night may end with an error, and nothing of it is checked here.
    private func check(
        _ isWhole: Bool, after event: Nights.Event, _ shelves: inout [Shelf], _ nights: Nights,
        night: Int
    ) {
        guard world.watch.violations.isEmpty else { return }
        let isBad = event.isFaulty || world.downCloud != nil || world.silentCloud != nil
        if !isBad, !isWhole, !shelves.contains(where: \.isEdited) {
            world.violation("night \(night) (\(event)): the last start does not end well")
        }
        guard !isBad, let latest = world.publisher?.versions.last?.number else { return }
        // A version that has given its name back may be deleted now. No other work is left.
        let next = shelves.indices.map { shelves[$0].after(latest, nights.rules[$0]) }
        world.changes = 0
        start(world.publisher, dieAfterSteps: nil)
        let found = world.scenario.targets.map { world.clouds[$0.name]?.shelfWords ?? "" }
        if next == shelves ? world.changes > 0 : found != next.map(\.words) {
            world.violation("night \(night) (\(event)): another start leads to \(found)")
        }
        shelves = next
    }

    @discardableResult
    private func start(
        _ publisher: Publisher?, dieAfterSteps: Int?
    ) -> Result<RunSummary, TranshipError>? {
        publisher?.begins()
        var launch = Launch(host: world.hosts[0], dieAfterSteps: dieAfterSteps)
        if world.silentCloud != nil {
            launch.stopAfter = (Self.silentMilliseconds, isAbort: true)
        }
        guard let ended = begin([launch]).first else { return nil }
        return ended
    }

    /// Performs the last starts of a night, in which nothing fails but the event of the night.
    ///
    /// - Returns: true if the last start reports success.
    private func settle(_ publisher: Publisher) -> Bool {
        world.isCalm = true
        world.timeline.pass(3 * 3_600_000)
        for _ in 0..<2 {
            let ended = start(publisher, dieAfterSteps: nil)
            let rows = rows(of: world.hosts[0])
            for row in rows where row.state == .failed && row.failure == nil {
                world.violation("\(row.source.displayName) failed without a reason")
            }
            // The run found a copy that a store had damaged, and discarded it. The next start
            // copies it.
            let isAgain = rows.contains { $0.failure?.code == .verificationMismatch }
            guard isAgain else {
                guard case .success(let summary) = ended else { return false }
                return summary.exitStatus == .done
            }
        }
        return true
    }

    // MARK: What happens

    /// Begins a night.
    ///
    /// - Returns: the event, or another one if the month does not allow it yet.
    private func begin(
        _ night: Nights.Night, _ publisher: Publisher, _ shelves: inout [Shelf]
    ) throws(TranshipError) -> Nights.Event {
        let isNew = night.event == .newVersion || night.event == .sameName
        if isNew || night.publishes {
            try publisher.publish(
                underTheSameName: night.event == .sameName && !publisher.versions.isEmpty)
        }
        var event = night.event
        let needsOther = event == .goesBackwards || event == .listIsStale
        if needsOther, !publisher.hasOtherNameBefore { event = .nothing }
        // If only one image moves at a time, the silent cloud delays all others.
        let hasRoom = world.scenario.imagesAtOnce > 1 && world.scenario.targets.count > 1
        if event == .cloudIsSilent, !hasRoom { event = .nothing }
        publisher.event = event
        let target = world.scenario.targets[night.target].name
        let isDown = event == .cloudIsDown || event == .imageServiceIsDown
        world.downCloud = isDown ? target : nil
        world.silentCloud = event == .cloudIsSilent ? target : nil
        if let cloud = world.clouds[target] { interfere(event, cloud, &shelves[night.target]) }
        return event
    }

    /// Performs the operators' changes.
    private func interfere(_ event: Nights.Event, _ cloud: Cloud, _ shelf: inout Shelf) {
        let newest = shelf.copies.indices.max {
            shelf.copies[$0].version < shelf.copies[$1].version
        }
        let earlier = shelf.copies.indices.filter { $0 != newest }
        let isAboutEarlier =
            [.protectsEarlier, .deletesEarlier, .makesEarlierPrivate].contains(event)
        let chosen = isAboutEarlier ? (earlier.isEmpty ? nil : world.chance.pick(earlier)) : newest
        guard let index = chosen else { return }
        let version = shelf.copies[index].version
        switch event {
        case .renamesCurrent:
            shelf.copies[index].name = .other
            cloud.edit(version, ["name": "golden"])
        case .hidesCurrent:
            shelf.copies[index].isHidden = true
            cloud.edit(version, ["os_hidden": true])
        case .protectsCurrent, .protectsEarlier:
            shelf.copies[index].isProtected = true
            cloud.edit(version, ["protected": true])
        case .makesEarlierPrivate:
            shelf.copies[index].isPrivate = true
            cloud.edit(version, ["visibility": "private"])
        case .deletesCurrent, .deletesEarlier:
            shelf.copies.remove(at: index)
            cloud.removeCopies(of: version)
        case .snapshot: cloud.addSnapshot(ofVersion: version)
        case .undoes:
            for index in shelf.copies.indices {
                shelf.copies[index].isProtected = false
                shelf.copies[index].isPrivate = false
                cloud.edit(
                    shelf.copies[index].version, ["protected": false, "visibility": "public"])
            }
        default: break
        }
    }
}
