// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationJournal
internal import MigrationModel

/// Keeps the limits of a run at what its pipeline file says for the time of day, or at what
/// `tranship limit` says, from the journal.
final class RunLimits: Sendable {
    /// What the pipeline file says, and what this process can do.
    struct Settings: Sendable {
        var bandwidth: BandwidthSchedule
        var images: ImagesAtOnce
        /// As many images as this process may open files for.
        var imagesMax: Int

        /// The images at once, as the file or the operator says.
        func images(_ override: LimitOverride) -> ImagesAtOnce {
            guard case .atMost(let wanted) = override.images else { return images }
            return .atMost(min(wanted, imagesMax))
        }

        func bytesPerSecond(_ override: LimitOverride, atMinute minute: Int) -> Int64? {
            switch override.bandwidth {
            case .asInFile: bandwidth.bytesPerSecond(atMinute: minute)
            case .unlimited: nil
            case .atMost(let bytes): bytes
            }
        }

        /// The rate for people: of the file, with what follows it.
        func rate(_ override: LimitOverride, atMinute minute: Int) -> String {
            override.bandwidth == .asInFile
                ? bandwidth.words(atMinute: minute)
                : BandwidthSchedule.words(bytesPerSecond(override, atMinute: minute))
        }
    }

    let limiter: BandwidthLimiter
    private let settings: Settings
    private let journal: Journal
    private let run: Run
    private let now: @Sendable () -> Int64
    private let notice: @Sendable (RunNotice) -> Void
    private let override = Guarded(LimitOverride())

    private static let lookSeconds = 1.0

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - notice: takes what is to be said when a limit changes.
    init(
        _ settings: Settings, of run: Run, in journal: Journal,
        now: @escaping @Sendable () -> Int64, notice: @escaping @Sendable (RunNotice) -> Void
    ) {
        self.settings = settings
        self.run = run
        self.journal = journal
        self.now = now
        self.notice = notice
        limiter = BandwidthLimiter(
            bytesPerSecond: settings.bandwidth.bytesPerSecond(
                atMinute: LocalTime.minuteOfDay(now())))
    }

    /// The rate that counts now; nil means unlimited.
    var bytesPerSecond: Int64? { limiter.bytesPerSecond }

    /// Does the work, and follows the clock and the journal meanwhile.
    ///
    /// - Parameter setImages: takes how many images may be in flight, when that changes.
    func following(
        _ setImages: @escaping @Sendable (ImagesAtOnce) -> Void,
        work: () async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        // No other process can reach a journal in memory, and a simulation has its own clock.
        guard !journal.isInMemory else { return try await work() }
        // A run that goes on after an interruption keeps its limits.
        await look(setImages)
        let looking = Task {
            while (try? await Task.sleep(for: .seconds(Self.lookSeconds))) != nil {
                await look(setImages)
            }
        }
        let failure: TranshipError?
        do throws(TranshipError) {
            try await work()
            failure = nil
        } catch {
            failure = error
        }
        looking.cancel()
        // It holds the journal, and with it the lock.
        await looking.value
        if let failure { throw failure }
    }

    /// Sets the limits that count now. Says so in one line if they are other ones.
    ///
    /// Reads one row, and writes nothing.
    func look(_ setImages: (ImagesAtOnce) -> Void) async {
        let last = override.withLock { $0 }
        // If the journal cannot be read, the transfers find that out.
        let found = (try? await journal.limitOverride(of: run)) ?? last
        let minute = LocalTime.minuteOfDay(now())
        let rate = settings.bytesPerSecond(found, atMinute: minute)
        let isOtherRate = rate != bytesPerSecond
        if isOtherRate { limiter.change(bytesPerSecond: rate) }
        let images = settings.images(found)
        if images != settings.images(last) { setImages(images) }
        guard found != last else {
            if isOtherRate {
                notice(.bandwidthChanged(rate: settings.bandwidth.words(atMinute: minute)))
            }
            return
        }
        override.withLock { $0 = found }
        notice(
            .limitsChanged(
                rate: settings.rate(found, atMinute: minute), images,
                imagesWanted: wanted(found, besides: images)))
    }

    /// The images at once that the operator asks for, if this process may not open as many files.
    private func wanted(_ override: LimitOverride, besides images: ImagesAtOnce) -> Int? {
        guard case .atMost(let wanted) = override.images, case .atMost(let most) = images,
            wanted > most
        else { return nil }
        return wanted
    }
}
