// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams

/// Handles that are not in use, with the connections that they keep.
///
/// The last one given back is the first one taken: its connection is the most
/// likely to be alive, and its memory the most likely to be warm.
final class HandlePool: Sendable {
    private let idle = Guarded<[CurlHandle]>([])
    private let idleMax: Int

    init(idleMax: Int) {
        self.idleMax = idleMax
    }

    func take() throws(TranshipError) -> CurlHandle {
        if let handle = idle.withLock({ $0.popLast() }) { return handle }
        return try CurlHandle()
    }

    func give(_ handle: CurlHandle) {
        idle.withLock { idle in
            if idle.count < idleMax { idle.append(handle) }
        }
    }
}
