import Files
import Foundation

StandardDescriptors.reserve()
EarlySignals.hold()
exit(Program.run())
