// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel

/// A month of a nightly mirror, made by a seed: the newest image of a publisher in one or two
/// clouds, with earlier versions that are renamed or hidden, and then deleted.
struct Nights: Sendable {
    /// The treatment of the versions before the current one.
    enum Previous: String, Sendable {
        case rename, hide
    }

    /// The rules of a target's entry for earlier versions.
    struct Rules: Sendable {
        var previous: Previous
        var keep: Int
    }

    /// An event of a night, which lasts until the next one.
    enum Event: Hashable, Sendable {
        case nothing
        /// The publisher has a new version under a new name, or under the name of the last one.
        case newVersion, sameName
        /// The publisher, or a server in its place, does not deliver the listed data.
        case truncated, otherData, dataIsPage, dataIsStale
        case listIsMissing, listIsPage, listIsStale
        case overloaded, down
        /// The first request for each file reaches a mirror that lacks it.
        case mirrorLacksFiles
        /// The publisher offers the version before.
        case goesBackwards
        /// The cloud refuses everything, or only its Image service does.
        case cloudIsDown, imageServiceIsDown
        /// The cloud answers no request that changes an image, and an operator ends each start.
        case cloudIsSilent
        /// Operators change our images by hand.
        case renamesCurrent, hidesCurrent, protectsCurrent, deletesCurrent
        case protectsEarlier, deletesEarlier, makesEarlierPrivate
        /// Operators undo the protection and the private visibility.
        case undoes
        /// A server's snapshot has all properties of our image, and its name.
        case snapshot

        /// True if the publisher offers nothing new in such a night, or only something that is
        /// wrong.
        var isFaulty: Bool {
            switch self {
            case .truncated, .otherData, .dataIsPage, .dataIsStale, .listIsMissing, .listIsPage,
                .listIsStale, .overloaded, .down, .goesBackwards:
                true
            default: false
            }
        }
    }

    struct Night: Sendable {
        var event: Event
        /// True if a new version appears as well.
        var publishes: Bool
        /// The index of the target that the event concerns.
        var target: Int
        /// The starts before the last one of the night, each by the number of steps after which it
        /// dies.
        var deaths: [Int]
    }

    static let count = 30
    /// The name of the series in the pipeline file.
    static let seriesName = "disk"
    static let list = "SHA256SUMS"

    var rules: [Rules]
    var nights: [Night]

    init(_ chance: inout Chance, targets: Int) {
        rules = (0..<targets).map { _ in
            Rules(previous: chance.pick([.rename, .rename, .hide]), keep: 1 + chance.below(3))
        }
        nights = []
        var downFor = 0
        for number in 0..<Self.count {
            var night = Night(
                event: number == 0 ? .newVersion : Self.event(&chance),
                publishes: chance.happens(0.4), target: chance.below(targets), deaths: [])
            for _ in 0..<chance.below(3) {
                night.deaths.append(chance.below(chance.pick([20, 60, 150])))
            }
            // Some clouds are down for more than one night.
            if downFor > 0, let last = nights.last {
                night.event = last.event
                night.target = last.target
                downFor -= 1
            } else if night.event == .cloudIsDown || night.event == .imageServiceIsDown {
                downFor = chance.below(3)
            }
            nights.append(night)
        }
    }

    private static func event(_ chance: inout Chance) -> Event {
        switch chance.below(20) {
        case 0..<2: .nothing
        case 2..<7: chance.pick([.newVersion, .newVersion, .newVersion, .sameName])
        case 7..<12:
            chance.pick([
                .truncated, .otherData, .dataIsPage, .dataIsStale, .listIsMissing, .listIsPage,
                .listIsStale, .overloaded, .down, .goesBackwards, .mirrorLacksFiles,
            ])
        case 12: chance.pick([.cloudIsDown, .imageServiceIsDown, .cloudIsSilent])
        case 13..<18:
            chance.pick([
                .renamesCurrent, .hidesCurrent, .protectsCurrent, .deletesCurrent,
                .protectsEarlier, .deletesEarlier, .makesEarlierPrivate,
            ])
        case 18: .snapshot
        default: .undoes
        }
    }
}

extension Scenario {
    /// Makes the scenario of a month: clouds that allow public images, and no other sources.
    init(nights chance: inout Chance) {
        faultRate = chance.pick([0, 0.02, 0.06])
        imagesAtOnce = 1 + chance.below(3)
        attempts = 2 + chance.below(4)
        verify = "proof"
        sources = []
        starts = []
        targets = (chance.happens(0.7) ? ["beta", "gamma"] : ["beta"]).map { name in
            Target(
                name: name, method: chance.pick(["auto", "upload", "upload", "glance-direct"]),
                onConflict: "keep-both", algorithm: chance.pick([.sha512, .sha256, nil]),
                allowsPublic: true, isSibling: false, namesakes: [:], taken: [])
        }
        transfer = chance.pick([nil, nil, "spool", "stream"])
        nights = Nights(&chance, targets: targets.count)
    }

    /// Returns the text of the pipeline of the nights.
    func text(_ nights: Nights) -> String {
        var lines = [
            "version: 1", "name: nights", "sources:",
            "  - url: \"http://\(Self.fileHost)/\"", "    latest: \"disk-@v.raw\"",
            "    checksum_file: \"http://\(Self.fileHost)/\(Nights.list)\"", "    series: s",
            "    image: { name: \(Nights.seriesName), disk_format: raw, visibility: public }",
            "targets:",
        ]
        for (target, rules) in zip(targets, nights.rules) {
            lines.append(
                "  - { cloud: \(target.name), method: \(target.method), on_conflict: keep-both, "
                    + "previous: \(rules.previous.rawValue), keep: \(rules.keep), "
                    + "expired: { action: delete, after: 0s } }")
        }
        lines.append("limits: { images: \(imagesAtOnce), attempts: \(attempts), deletes: 1000 }")
        if let transfer { lines.append("transfer: \(transfer)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
