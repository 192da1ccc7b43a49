// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
package import MigrationModel

/// With `limits.images: auto`, gives each Image service the number of images at once with which the
/// most work gets done. `ImageLimitController` decides the number. This extension reports events to
/// it and asks for the number.
extension Scheduler {
    /// One controller for each Image service of the targets.
    static func controllers(
        _ stages: Stages, _ limits: Limits
    ) -> [String: ImageLimitController] {
        stages.targets.reduce(into: [:]) { controllers, target in
            let quota = min(target.limits.images ?? .max, target.limits.uploading ?? .max)
            // Targets of several projects may share one service, each with its own quota.
            let known = controllers[target.endpoint]?.imagesMax ?? 0
            controllers[target.endpoint] = ImageLimitController(
                limits.experience[target.endpoint], most: max(known, min(quota, limits.images)))
        }
    }

    /// The experience to pass to the next run, for each Image service that this run learned about.
    package var experience: [String: PaceExperience] {
        state.withLock { $0.controllers.compactMapValues(\.experience) }
    }

    /// The maximum number of images, over all targets, whose data may move now.
    var movingMax: Int {
        state.withLock { state in
            guard case .atMost(let images) = state.imagesAtOnce else {
                let sum = state.controllers.values.reduce(0) { $0 + $1.images }
                return min(limits.images, max(1, sum))
            }
            return images
        }
    }

    /// Returns true if the service of the target may get one more image.
    func paceAdmits(_ endpoint: String, moving: Int) -> Bool {
        state.withLock { state in
            guard state.imagesAtOnce == .automatic,
                let controller = state.controllers[endpoint]
            else { return true }
            return moving < controller.images
        }
    }

    /// The number of images whose data moves to targets at an endpoint.
    func moving(_ busy: some Sequence<Busy>, to endpoint: String) -> Int {
        let sharing = Set(stages.targets.filter { $0.endpoint == endpoint }.map(\.key))
        return busy.count { $0.movesData && sharing.contains($0.targetKey) }
    }

    /// Records the start of a trip, and marks the transfer as busy.
    func noteStart(_ transfer: Transfer, _ entry: Busy) {
        let endpoint = targetEndpoint(of: transfer)
        state.withLock { state in
            state.busy[transfer.id] = entry
            guard entry.movesData, state.imagesAtOnce == .automatic else { return }
            state.controllers[endpoint]?.began(inFlight: moving(state.busy.values, to: endpoint))
        }
    }

    /// Records the end of a trip. It is a sample if the trip brought all data of an image to its
    /// target.
    func notePace(_ given: Transfer, to transfer: Transfer) {
        // If a service fetches the data itself, the trip's time says nothing about the load.
        guard !given.method.isServerSide, !transfer.state.movesData else { return }
        let (endpoint, now) = (targetEndpoint(of: given), now())
        state.withLock { state in
            guard state.imagesAtOnce == .automatic, let own = state.busy[given.id], own.movesData
            else { return }
            state.controllers[endpoint]?.ended(
                bytes: transfer.sizeBytes ?? 0, beganAt: own.startedAt, now: now)
        }
    }

    /// Records a failure. It is a sign of too much load if the service says so.
    func notePace(_ given: Transfer, after error: TranshipError) {
        guard given.state.movesData, [429, 503].contains(error.answer?.status) else { return }
        let (endpoint, now) = (targetEndpoint(of: given), now())
        state.withLock { state in
            guard state.imagesAtOnce == .automatic, let own = state.busy[given.id] else { return }
            state.controllers[endpoint]?.overloaded(beganAt: own.startedAt, now: now)
        }
    }
}
