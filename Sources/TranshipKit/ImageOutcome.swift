// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import MigrationModel

/// The outcome of an image in a run, in the groups in which people count. Each image of a plan has
/// exactly one.
public enum ImageOutcome: String, CaseIterable, Sendable {
    case done
    case failed
    /// The copy is proved, but the target refused a last step; the copy is private.
    case unpublished
    /// The plan refused the image.
    case refused
    /// The target has another image in place of the copy.
    case conflict
    /// The run ended, or has not ended yet, before the image was done.
    case unfinished
    /// The target had the image already, or another process copied it.
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
    /// The images of the run by outcome, in the order of ``ImageOutcome``, without empty groups.
    /// Their sum is the number of images of the plan.
    public var outcomes: [Tally<ImageOutcome>] { ImageOutcome.tallies(planned, states) }

    /// The same for all transfers of the journal, as it is now.
    public var outcomesInAll: [Tally<ImageOutcome>] { ImageOutcome.tallies([], statesInAll) }

    /// The number of images of the plan.
    public var imageCount: Int { outcomes.reduce(0) { $0 + $1.images } }
}

extension ImageOutcome {
    /// - Parameters:
    ///   - planned: the counts of the plan's decisions; empty for a run without a plan of its own.
    ///   - states: the counts of the states of the run's transfers.
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
        // A skipped image has a transfer only if other images may refer to it.
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
