// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenStackImage
import Synchronization

/// Shows the status of an image or task while a command waits for it: one changing line on a
/// terminal, otherwise a new line for each change, at most every few seconds.
final class StandingTalk: Sendable {
    private static let lineSeconds = 5.0
    private let screen = Screen()
    private let last: Mutex<(text: String, at: Double)>

    init() {
        // Shows nothing if the wait is over at once.
        last = Mutex(("", Date().timeIntervalSince1970))
    }

    func look(_ image: Image, _ task: ImageTask?) {
        show("\(image.name ?? image.id): \(image.status)" + (task.map(Self.text) ?? ""))
    }

    func look(_ task: ImageTask) { show("\(task.id)" + Self.text(task)) }

    func end() { screen.wipe() }

    private static func text(_ task: ImageTask) -> String {
        ", \(task.status)" + (task.message.isEmpty ? "" : ": \(task.message)")
    }

    private func show(_ text: String) {
        let text = text.withControlsShown
        if Terminal.talkIsTerminal { return screen.draw([text]) }
        let now = Date().timeIntervalSince1970
        let isDue = last.withLock { last in
            guard text != last.text, now - last.at >= Self.lineSeconds else { return false }
            last = (text, now)
            return true
        }
        if isDue { Terminal.tell(text) }
    }
}
