import { addToHistory, inFolder, onBranch } from '../../src/store/history-store.ts'
import { entry } from './example-history.ts'

// A writer for history.test to run several of at once. Arguments: folder or branch, the folder, a name, how many additions.
const [where, dir = '', name = '', count = '0'] = process.argv.slice(2)
const historyStore = where === 'branch' ? onBranch('meshbench-history', dir) : inFolder(dir)
for (let index = 0; index < Number(count); index++) await addToHistory(historyStore, [entry(`${name}-${index}`)])
