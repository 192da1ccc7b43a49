// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceModel

/// The scenario that a seed makes: sources, targets, and the rate of faults.
struct Scenario: Sendable {
    /// The checksum that a source promises for its bytes.
    enum Promise: Sendable {
        case sha512, sha256, md5, none

        var algorithm: Checksum.Algorithm? {
            switch self {
            case .sha512: .sha512
            case .sha256: .sha256
            case .md5: .md5
            case .none: nil
            }
        }
    }

    struct Source: Sendable {
        var number: Int
        var isURL: Bool
        var bytes: [UInt8]
        var promise: Promise
        /// True if the source never delivers the data that it promises.
        var lies: Bool
        /// True if the source never delivers all of its data.
        var breaksOff: Bool
        var visibility: String
        var isProtected: Bool
        var isHidden: Bool
        /// The number of the image that the source names as its kernel.
        var kernel: Int?
        var md5: String
        var sha512: String

        var name: String { "img\(number)" }
        var id: String { "5ce00000-0000-4000-8000-00000000000\(number)" }
        var file: String { "\(name).raw" }

        /// The bytes that the source delivers: those that it promises, or others.
        var given: [UInt8] {
            guard lies, !breaksOff else { return bytes }
            guard let first = bytes.first else { return [7] }
            return [first ^ 1] + bytes.dropFirst()
        }
    }

    struct Target: Sendable {
        var name: String
        /// The method in its pipeline entry.
        var method: String
        var onConflict: String?
        /// The algorithm that the target reports besides md5.
        var algorithm: Checksum.Algorithm?
        var allowsPublic: Bool
        /// True for another region of the source cloud's Keystone.
        var isSibling: Bool
        /// Sources under whose name the target has another image; true if that has the same data.
        var namesakes: [Int: Bool]
        /// Sources whose first id belongs to another owner's image at the target.
        var taken: Set<Int>
        /// The value in its pipeline entry: `false`, `true` or `prefer`.
        var keepID = "false"
        /// Sources whose own id belongs to another image at the target; true if that has the same
        /// data.
        var holders: [Int: Bool] = [:]
        /// Sources whose own id was deleted at the target.
        var burned: Set<Int> = []
    }

    /// A start of the pipeline in the phase with faults.
    struct Start: Sendable {
        /// The number of steps that others can see before the process dies; nil if it does not die.
        var dieAfterSteps: Int?
        /// The time after which an operator asks the process to stop, in milliseconds, and the way
        /// of stopping.
        var stopAfter: (milliseconds: Int64, isAbort: Bool)?
        var losesJournal: Bool
        /// True if the start resumes the run before it, if that was interrupted.
        var resumes: Bool
        /// The times at which an operator deletes a copy of ours, in milliseconds.
        var deletions: [Int64]
        var forgeries: [Int64]
        var pauseMilliseconds: Int64
        /// A start on another host with the same pipeline at the same time.
        var second: Second?
    }

    /// A start on a host with a journal of its own.
    struct Second: Sendable {
        /// The delay after the first start.
        var afterMilliseconds: Int64
        var dieAfterSteps: Int?
        var resumes: Bool
    }

    var sources: [Source]
    var targets: [Target]
    var starts: [Start]
    var faultRate: Double
    /// True if two hosts perform their last starts at the same time.
    var endsTogether = false
    var imagesAtOnce: Int
    var attempts: Int
    var verify: String
    /// The values in the pipeline file; nil for keys that it does not have.
    var transfer: String?
    var spoolMaxBytes: Int64?
    /// A month of a nightly mirror, in place of sources and starts.
    var nights: Nights?

    static let sourceCloud = "alpha"
    static let fileHost = "files"

    init(_ chance: inout Chance) throws(TranshipError) {
        faultRate = chance.pick([0, 0.02, 0.02, 0.06, 0.15])
        imagesAtOnce = 1 + chance.below(3)
        attempts = 1 + chance.below(5)
        verify = chance.happens(0.1) ? "paranoid" : "proof"
        sources = []
        // Most faults need only one image; all of them together need no more than four.
        for number in 0..<chance.pick([1, 1, 1, 1, 2, 2, 2, 3, 3, 4]) {
            sources.append(try Self.source(number, sources, &chance))
        }
        targets = []
        for name in chance.happens(0.2) ? ["beta", "gamma"] : ["beta"] {
            targets.append(Self.target(name, sources, &chance))
        }
        starts = []
        for _ in 0..<(1 + chance.below(4)) {
            starts.append(Self.start(&chance))
        }
        for index in targets.indices where chance.happens(0.25) {
            keepIDs(at: index, &chance)
        }
        if chance.happens(0.3) {
            for index in starts.indices where chance.happens(0.7) {
                starts[index].second = Second(
                    afterMilliseconds: chance.milliseconds(0...chance.pick([100, 2000, 20_000])),
                    dieAfterSteps: chance.happens(0.4)
                        ? chance.below(chance.pick([40, 80, 200])) : nil,
                    resumes: chance.happens(0.4))
            }
            endsTogether = chance.happens(0.5)
        }
    }

    /// Chooses whether data goes through the spool; most pipelines leave that to the program.
    mutating func chooseWay(_ chance: inout Chance) {
        transfer = chance.pick([nil, nil, nil, nil, "spool", "spool", "stream"])
        // The largest image always fits.
        if chance.happens(0.5) { spoolMaxBytes = 200_000 + Int64(chance.below(200_000)) }
    }

    private mutating func keepIDs(at index: Int, _ chance: inout Chance) {
        targets[index].keepID = chance.pick(["true", "prefer"])
        for source in sources where !source.isURL {
            switch chance.below(20) {
            case 0, 1: targets[index].holders[source.number] = chance.happens(0.5)
            case 2: targets[index].burned.insert(source.number)
            default: break
            }
        }
    }

    /// Removes the parts that would only hide the effect of the lies: a second host, a lost
    /// journal, a third start.
    mutating func leaveToLies() {
        starts = Array(starts.prefix(2))
        for index in starts.indices {
            starts[index].second = nil
            starts[index].losesJournal = false
        }
        endsTogether = false
    }

    /// The hosts that answer requests.
    var places: [String] { [Self.sourceCloud, Self.fileHost] + targets.map(\.name) }

    var hasTwoHosts: Bool { starts.contains { $0.second != nil } }

    private static func source(
        _ number: Int, _ before: [Source], _ chance: inout Chance
    ) throws(TranshipError) -> Source {
        let count =
            switch chance.below(20) {
            case 0: 0
            case 1..<14: 1 + chance.below(1000)
            case 14..<19: 1000 + chance.below(63_000)
            default: 64_000 + chance.below(136_000)
            }
        var bytes = chance.bytes(count)
        let isURL = chance.happens(0.3)
        // A publisher never offers an empty file.
        if isURL, bytes.isEmpty { bytes = [0] }
        // By chance the data may look like text, for instance, and a plan refuses that.
        if !bytes.isEmpty { bytes[0] = 0 }
        var promise: Promise = chance.pick(
            isURL
                ? [.sha256, .sha256, .sha512, .md5, .none]
                : [.sha512, .sha512, .sha512, .md5, .none])
        // If an empty body breaks off, the result may still be right.
        let lies = chance.happens(0.1) && count > 0
        if lies, promise == .none { promise = .sha512 }
        let kernel =
            isURL || !chance.happens(0.3)
            ? nil : before.filter { !$0.isURL && !$0.lies }.map(\.number).last
        return Source(
            number: number, isURL: isURL, bytes: bytes, promise: promise, lies: lies,
            breaksOff: lies && chance.happens(0.4),
            visibility: chance.pick(["private", "private", "shared", "community", "public"]),
            isProtected: chance.happens(0.2), isHidden: chance.happens(0.15), kernel: kernel,
            md5: try digest(.md5, of: bytes).value, sha512: try digest(.sha512, of: bytes).value)
    }

    private static func target(
        _ name: String, _ sources: [Source], _ chance: inout Chance
    ) -> Target {
        var target = Target(
            name: name,
            method: chance.pick(["auto", "auto", "upload", "upload", "glance-direct"]),
            onConflict: chance.pick([nil, nil, "keep-both", "rename", "skip", "fail"]),
            algorithm: chance.pick([.sha512, .sha512, .sha256, nil]),
            allowsPublic: chance.happens(0.7), isSibling: chance.happens(0.3), namesakes: [:],
            taken: [])
        for source in sources {
            if chance.happens(0.08) { target.namesakes[source.number] = chance.happens(0.4) }
            if chance.happens(0.04) { target.taken.insert(source.number) }
        }
        return target
    }

    private static func start(_ chance: inout Chance) -> Start {
        func times(_ probability: Double, _ chance: inout Chance) -> [Int64] {
            var times: [Int64] = []
            while chance.happens(probability), times.count < 3 {
                times.append(chance.milliseconds(0...15_000))
            }
            return times
        }
        return Start(
            dieAfterSteps: chance.happens(0.6) ? chance.below(chance.pick([40, 80, 200])) : nil,
            stopAfter: chance.happens(0.12)
                ? (chance.milliseconds(0...8000), chance.happens(0.5)) : nil,
            losesJournal: chance.happens(0.12), resumes: chance.happens(0.4),
            deletions: times(0.2, &chance), forgeries: times(0.15, &chance),
            pauseMilliseconds: chance.pick([0, 100, 5000, 100_000]))
    }

    // MARK: The pipeline

    /// The text of the pipeline file. Few texts differ, so each is parsed only once.
    var pipelineText: String {
        if let nights { return text(nights) }
        var lines = ["version: 1", "name: simulation", "sources:"]
        if sources.contains(where: { !$0.isURL }) {
            lines.append("  - { cloud: \(Self.sourceCloud), images: { hidden: any } }")
        }
        for source in sources where source.isURL {
            let sums =
                source.promise == .none ? "" : " checksum_file: \"http://\(Self.fileHost)/SUMS\","
            lines.append("  - { url: \"http://\(Self.fileHost)/\(source.file)\",\(sums)")
            lines.append(
                "      image: { name: \(source.name), visibility: \(source.visibility), "
                    + "protected: \(source.isProtected) } }")
        }
        lines.append("targets:")
        for target in targets {
            let conflict = target.onConflict.map { ", on_conflict: \($0)" } ?? ""
            let image = target.keepID == "false" ? "" : ", image: { keep_id: \(target.keepID) }"
            lines.append(
                "  - { cloud: \(target.name), method: \(target.method)\(conflict)\(image) }")
        }
        lines += [
            "verify: \(verify)",
            "limits: { images: \(imagesAtOnce < 3 ? "\(imagesAtOnce)" : "auto"), attempts: \(attempts) }",
        ]
        if let transfer { lines.append("transfer: \(transfer)") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Scenario {
    /// The first lines of a log.
    var words: String {
        var lines = ["faults \(faultRate)"]
        if let spoolMaxBytes { lines.append("the spool holds \(spoolMaxBytes) bytes") }
        for source in sources {
            lines.append(
                "\(source.name): \(source.bytes.count) bytes, \(source.promise)"
                    + (source.breaksOff ? ", breaks off" : source.lies ? ", lies" : "")
                    + ", \(source.visibility)"
                    + (source.kernel.map { ", kernel img\($0)" } ?? ""))
        }
        for target in targets {
            lines.append(
                "\(target.name): reports \(target.algorithm?.rawValue ?? "md5")"
                    + (target.allowsPublic ? "" : ", nothing public")
                    + (target.isSibling ? ", sibling of alpha" : "")
                    + target.namesakes.sorted { $0.key < $1.key }.map {
                        ", \($0.value ? "same data" : "other data") named img\($0.key)"
                    }.joined()
                    + target.taken.sorted().map { ", the id of img\($0) is taken" }.joined()
                    + target.holders.sorted { $0.key < $1.key }.map {
                        ", \($0.value ? "same data" : "other data") under the own id of img\($0.key)"
                    }.joined()
                    + target.burned.sorted().map { ", the own id of img\($0) is burned" }.joined())
        }
        return lines.joined(separator: "\n")
    }
}
