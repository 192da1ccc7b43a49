// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel

/// What became of an image in a run, in the groups in which people count. Each image of a plan is
/// in exactly one of them.
public enum ImageOutcome: String, CaseIterable, Sendable {
    case done
    case failed
    /// Proved, but the target refused a last step; the copy is private.
    case unpublished
    /// The plan refused it.
    case refused
    /// The target has another image in its place.
    case conflict
    /// The run ended, or has not ended yet, before the image did.
    case unfinished
    /// The target had it already, or another process copied it.
    case skipped

    init(_ state: TransferState) {
        switch state {
        case .done: self = .done
        case .failed: self = .failed
        case .unpublished: self = .unpublished
        case .skipped: self = .skipped
        case .planned, .reading, .read, .registered, .sending, .importing, .verifying, .publishing:
            self = .unfinished
        }
    }
}

extension RunStatus {
    /// The images of the run by what became of them, in the order of ``ImageOutcome``, without
    /// empty groups. Their sum is the plan's.
    public var outcomes: [Tally<ImageOutcome>] { ImageOutcome.tallies(planned, states) }

    /// The same of every transfer of the journal, as it is now.
    public var outcomesInAll: [Tally<ImageOutcome>] { ImageOutcome.tallies([], statesInAll) }

    /// All images of the plan.
    public var imageCount: Int { outcomes.reduce(0) { $0 + $1.images } }
}

extension ImageOutcome {
    /// - Parameters:
    ///   - planned: what the plan decided; empty for a run without a plan of its own.
    ///   - states: of the run's transfers.
    static func tallies(
        _ planned: [Tally<PlanAction>], _ states: [Tally<TransferState>]
    ) -> [Tally<ImageOutcome>] {
        var counts: [ImageOutcome: (images: Int, sizeBytes: Int64)] = [:]
        func add(_ outcome: ImageOutcome, _ images: Int, _ sizeBytes: Int64) {
            let before = counts[outcome, default: (0, 0)]
            counts[outcome] = (
                before.images + images, before.sizeBytes.clampedSum(sizeBytes)
            )
        }
        for tally in states where tally.kind != .skipped {
            add(ImageOutcome(tally.kind), tally.images, tally.sizeBytes)
        }
        for (action, outcome) in [(PlanAction.refuse, Self.refused), (.conflict, .conflict)] {
            guard let tally = planned.first(where: { $0.kind == action }) else { continue }
            add(outcome, tally.images, tally.sizeBytes)
        }
        // A skipped image has a transfer only if others may name it.
        let skips = planned.first { $0.kind == .skip }
        let skipped = states.first { $0.kind == .skipped }
        let others = counts.values.reduce(0) { $0 + $1.images }
        let images =
            planned.isEmpty
            ? skipped?.images ?? 0 : planned.reduce(0) { $0 + $1.images } - others
        if images > 0 { add(.skipped, images, skips?.sizeBytes ?? skipped?.sizeBytes ?? 0) }
        return allCases.compactMap { outcome in
            counts[outcome].map { Tally(outcome, images: $0.images, sizeBytes: $0.sizeBytes) }
        }
    }
}
