// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Finds how many images one target takes at once, from how fast the images end.
///
/// Pure: the caller passes all times in. It works in rounds. A round is over when about as many
/// images have ended as may be in flight, and says how much work ended in a second. While a higher
/// number lets more work end, the number doubles (slow start), and later grows by an eighth. If it
/// does not, the number goes back, and after a hold a lower one is tried: fewer images that do as
/// much work take less time each. Every trial that fails makes the next hold longer. If the work in
/// a second drops at the same number, because images take longer, or if the service refuses requests
/// (429, 503), the number goes down at once.
struct ImageLimitController {
    /// More connections have not made any service faster.
    static let imagesCeiling = 64

    /// Images in flight that are worth a trial.
    private(set) var images: Int
    /// The ceiling.
    let imagesMax: Int
    private var doubles: Bool
    /// Rounds that end before the number may grow again.
    private var roundsToHold = 0
    /// How long the next hold is.
    private var holdRounds = 4
    /// True if the next trial is of a lower number.
    private var triesLower = false
    /// The round before the number changed last, while the trial goes on.
    private var before: (images: Int, rate: Double)?
    /// The last full round.
    private var last: (images: Int, rate: Double)?
    private var round: Round?
    /// Images that began before this time say nothing about the present number.
    private var changedAt = Int64.min
    private(set) var hasLearned = false
    /// Images that ended since as many as allowed were in flight.
    private var endsSinceFull = 0

    /// The share of the growth of the number that the growth of the work has to have.
    private static let worthwhile = 0.35

    private struct Round {
        let startedAt: Int64
        var ended = 0
        var work = 0.0
    }

    /// - Parameters:
    ///   - experience: of an earlier run; nil without any.
    ///   - most: never more, such as the quota of the target.
    init(_ experience: PaceExperience? = nil, most: Int) {
        imagesMax = max(1, min(most, Self.imagesCeiling))
        images = min(imagesMax, max(1, experience?.images ?? ImagesAtOnce.first))
        doubles = experience?.isSettled != true
    }

    /// What the next run begins with; nil before the first round is over.
    var experience: PaceExperience? {
        hasLearned ? PaceExperience(images: images, isSettled: !doubles) : nil
    }

    /// The work of an image: its bytes, and what every image costs, however small it is.
    private static func work(_ bytes: Int64) -> Double { Double(max(0, bytes)) + 8_388_608 }

    /// Takes the start of an image.
    ///
    /// - Parameter inFlight: images in flight, this one included.
    mutating func began(inFlight: Int) {
        if inFlight >= images { endsSinceFull = 0 }
    }

    /// Takes an image whose data is at the target.
    ///
    /// - Parameter beganAt: when its data began to move, as `now` in milliseconds since 1970.
    mutating func ended(bytes: Int64, beganAt: Int64, now: Int64) {
        endsSinceFull += 1
        // A few may end before the next ones begin. If more do, there is not enough work, and the
        // time says nothing about the number.
        guard endsSinceFull <= images else {
            round = nil
            return
        }
        guard var current = round else {
            // The first end only starts the clock. So does the end of an image that began at
            // another number.
            if beganAt >= changedAt { round = Round(startedAt: now) }
            return
        }
        current.ended += 1
        current.work += Self.work(bytes)
        round = current
        guard current.ended >= max(4, images), now > current.startedAt else { return }
        round = Round(startedAt: now)
        judge(
            rate: current.work / (Double(now.clampedDifference(current.startedAt)) / 1000), now: now
        )
    }

    /// Takes a refusal because of load: 429, 503, or no answer in time.
    mutating func overloaded(beganAt: Int64, now: Int64) {
        // One burst of refusals is one sign.
        guard beganAt >= changedAt else { return }
        hasLearned = true
        start(with: images / 2, now: now)
        hold()
    }

    private mutating func judge(rate: Double, now: Int64) {
        hasLearned = true
        let previous = last
        last = (images, rate)
        if let trial = before {
            before = nil
            // Of twice as many images, a third more work; and so for less, and for fewer images.
            let growth = Double(images) / Double(trial.images) - 1
            guard rate >= trial.rate * (1 + Self.worthwhile * growth) else {
                if !doubles { triesLower.toggle() }
                start(with: trial.images, now: now)
                return hold()
            }
            holdRounds = 4
        } else if let previous, previous.images == images, rate < previous.rate * 0.6 {
            start(with: images * 3 / 4, now: now)
            return hold()
        }
        guard roundsToHold == 0 else {
            roundsToHold -= 1
            return
        }
        let step = doubles ? images : max(1, images / 8)
        let next = triesLower ? max(1, images - step) : min(imagesMax, images + step)
        guard next != images else {
            triesLower.toggle()
            return hold()
        }
        before = (images, rate)
        change(to: next, now: now)
    }

    private mutating func hold() {
        doubles = false
        roundsToHold = holdRounds
        holdRounds = min(64, holdRounds * 2)
    }

    private mutating func start(with next: Int, now: Int64) {
        before = nil
        last = nil
        change(to: max(1, next), now: now)
    }

    private mutating func change(to next: Int, now: Int64) {
        images = next
        changedAt = now
        round = nil
    }
}
