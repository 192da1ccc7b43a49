// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenStackImage

/// Shows the status of an image or task while a command waits for it: one changing line on a
/// terminal, otherwise a new line for each change, at most every few seconds.
final class StandingTalk: Sendable {
    // Shows nothing if the wait ends at once.
    private let screen = Screen(quietSince: Date().timeIntervalSince1970)

    func look(_ image: Image, _ task: ImageTask?) {
        screen.show("\(image.name ?? image.id): \(image.status)" + (task.map(Self.text) ?? ""))
    }

    func look(_ task: ImageTask) { screen.show("\(task.id)" + Self.text(task)) }

    func end() { screen.wipe() }

    private static func text(_ task: ImageTask) -> String {
        ", \(task.status)" + (task.message.isEmpty ? "" : ": \(task.message)")
    }
}
