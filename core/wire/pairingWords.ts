// The 2,048 words of pairing codes: six of them are 66 random bits that a person can read out and
// type. The list is our own: everyday English words of three to eight letters, none that sounds
// like another, and of those that differ in one letter as few as could be. Its order is part of
// nothing: a code is checked as text. Never shorten the list, or codes become easier to guess.

import type { RandomBytes } from '../base/ids.ts';

export const PAIRING_WORDS: readonly string[] = `
able acid acorn acre actor adapt adult agent agile agree ahead aim air aisle alarm album alert
algae alien alley allow almond aloud alpha amber ample angle ankle annual answer ant anvil apple
april apron aqua arbor arc arch arctic area arena argue arm army aroma arrow art ash aside ask
asset atlas atom attic audio august author auto autumn avenue avoid awake award aware axis axle
baby bacon badge badger bag bake baker balance ball ballet bamboo banana banjo bank banner bark
barn barrel basic basil basin basket bass batch bath baton bay beach beam bean beard beauty beaver
bed beech beef beetle begin belt bench berry best better bicycle big bike bind birch bird bison
black blade blank blanket blast blaze blend blink block bloom blue bluff blunt blur blush board
boat body boil bolt bond bone bonnet bonus book boost boot border borrow boss bottle bottom bounce
bow bowl box brace braid brain brake branch brand brass brave bread break breeze brew brick bride
bridge brief bright bring brisk broad broccoli bronze brook broom brother brown brush bubble
bucket buckle bud budget buffalo bugle build bulb bulk bull bumper bundle bunk bunny burn burrow
bus bush butter button buyer buzz cabbage cabin cable cactus cage cake calf calm camel camera camp
canal canary candle candy canoe canopy canvas canyon cape car caramel caravan carbon card cargo
carol carp carpet carrot carry carve cash castle casual cat catch cattle cause cedar celery cell
cello cement center cereal chain chair chalk champ chance change chapel charm chart chase cheap
check cheek cheer cheese chef cherry chess chest chew chick chief child chimney chin chip choice
choir chorus cinema circle circus citizen city civic civil claim clam clap clarify clasp class
claw clay clean clear clerk clever click client cliff climb clinic clip cloak clock close cloth
cloud clove clover club clue coach coal coast cobalt cobra cocoa coconut code coffee coin cold
collar collie color colt column comb comet comfort comic common compass concert condor cone cook
cookie cool copper copy coral cord cork corn corner correct cosmic cost cottage cotton couch
cougar council count country county couple course court cousin cover cow coyote crab cradle craft
crane crater crayon cream creek crest crew cricket crisp crop cross crowd crown cruise crumb crust
crystal cube cup curb cure curl current curry curtain curve cushion custom cycle cymbal cypress
dad daily dairy daisy dance danger dare dark dart dash data date dawn day deal debate decade deck
decor deep delta demand den denim dentist depot depth deputy desert design desk detail dial
diamond diary dice diet dig digit dime dinner dip direct dish disk divide dizzy dock doctor dog
doll dollar dolphin dome donkey door dose dot double dove down dozen draft dragon drain drama draw
drawer dream dress drift drill drink drive drop drum dry duck duet dug dune during dusk dust duty
each eager eagle early earn earth ease easy eat echo edge edit effort egg eight elbow elder elect
elegant elm else embark ember emerald empire empty emu end energy engine enjoy enough enter entire
entry envoy epic equal era errand escape essay estate evening event ever every exact exam exit
expert extra eye fabric face fact factor fade fair fairy faith falcon fall family famous fan fancy
farm farmer fashion fast father fault favor fawn feast feather feed feel fellow felt fence fern
ferry fetch few fiber fiddle field fig figure fill film filter final find fine finger finish fire
firm first fish fit five fix flag flake flame flash flat flavor flax fleece fleet flight flint
float flock flood floor flow fluff fluid flute fly foam focus fog foil fold folk follow food foot
force forest forge fork form formal fort forum forward fossil found fountain four fox frame free
freeze fresh friday friend frog front frost fruit fudge fuel full fun funnel funny fur future
gadget galaxy gallery gallon game gander gap garage garden garlic garment gate gather gauge
gazelle gear gecko gem general genius gentle genuine giant gift ginger giraffe give glacier glad
glance glass glaze glide globe gloss glove glow glue goal goat gold golden golf gondola good goose
gopher gorge gospel gown grab grace grade grain grand granite grape graph grass gravel gravity
gray great green greet grid grill grin grip grocer ground group grove grow guard guess guest guide
guitar gulf gull gum guppy guru gust gym habit hail half halo hammer hamster hand handle happy
harbor hard harp harvest hat hatch haven hawk hay hazel head health heap heart heavy hedge heel
height helium hello helmet help hen herb herd hero heron hidden high hike hill hint hip hire
history hive hobby hold hollow holly home honest honey hood hoof hook hoop hope horizon horn horse
host hotel hour house hover hub hue hug human humble humor hundred hunt hurdle hurry husky hybrid
ice icicle icon idea ideal igloo image impact import inch index indigo indoor infant ink inlet inn
input insect inside instant into invest invite iris iron island item ivory ivy jacket jade jaguar
jam january jar jasmine jaw jazz jeans jelly jersey jet jewel jigsaw job jockey jog join joke
jolly journal journey joy judge juggle juice july jumbo jump june jungle junior juniper jury just
kale kangaroo karate kayak keen keep kernel kettle key keyboard kid kiln kind king kingdom kiosk
kitchen kite kitten kiwi knee knit knob know koala label labor lace ladder lady lagoon lake lamb
lamp lance land lane lantern lap laptop large lark laser lasso last latch later lathe laugh
laundry lava lavender law lawn lawyer layer lazy lead leader leaf league leap learn leash leather
leave lecture left leg legend lemon lemur lend lens leopard lesson letter lettuce level lever
library lid life lift light lilac lily lime limit linen linger link lion lip liquid list listen
liter little live lizard llama load loaf loan lobby lobster local lock locust lodge log logic long
look loop loose lot lotus loud lounge love lower loyal lucky lumber lunar lunch lung lute luxury
lynx lyric machine magic magnet main major maker mallet mammal mammoth mango manner manor mantle
maple marble march mare margin marina marine mark market marlin maroon marsh mask mason mass
master mat math matter maximum may mayor maze meadow meal mean measure medal media medium mellow
melody melon melt member memo memory mend mentor menu merit merry mesh metal meteor meter method
metro middle midnight might mild mile milk mill mineral mini minnow minor mint minute mirror
mission mist mitten mix mixer mobile model modem modern modest module moment monday monkey month
moon moose morning mosaic moss most moth mother motion motor mount mouse mouth move movie much mud
muffin mug mule mural muscle museum mushroom music mustard mutual myth nail name napkin narrow
nation native nature navy near neat neck nectar need needle neon nephew nerve net never new news
next nibble nice nickel niece nine noble nod noise noodle noon normal north nose note notice novel
nugget number nurse nut nutmeg nylon oak oar oasis object oboe ocean octave october octopus odd
offer office often oil okay old olive omega onion online onyx opal open opera option orange orbit
orchard orchid order ordinary organ origin osprey ostrich other otter ounce outdoor outer oval
oven over owl own owner oxygen oyster pack pad paddle page paint palace palm pan panda panel
panther papaya paper parade parcel parent parka parrot parsley part partner party pass pasta paste
pastel pastry patch path patio patrol pattern pause pave paw pea peach peacock peak peanut pearl
pebble pecan pedal pelican pen pencil penguin people pepper perch perfect perfume period permit
person pet petal phone photo phrase piano pick pickle picnic picture pie pier pig pigeon pillow
pilot pine pink pioneer pipe pitch pizza place plan planet plank plant plate platform play plaza
please plenty plot plow plug plum plume plus pocket poem poet point polar pole polish polite polo
pond pony pool popcorn poplar poppy porch port portal post poster potato pottery pouch pound
powder power prairie praise present press pretty prince print prism prize problem produce profit
program project promise proof proper proud public pudding puddle puffin pull pulse puma pump
pumpkin pupil puppet puppy pure purple purse push puzzle pyramid quail quality quarter quartz
queen quest quick quiet quill quilt quince quite quiz quota quote rabbit raccoon race rack radar
radio radish raft rail rain rainbow raise raisin rally ramp ranch random range ranger rapid rare
raven ravine raw razor reach ready real reason recipe record red reef reel refer reform region
regular reindeer relax relay relief remain remember remind remote rent repair repeat reply report
rescue rest result return review reward rhythm ribbon rich ride ridge right ring rinse ripe ripple
rise river roast robe robin robot rock rocket rodeo roll roof rookie room root rope rose rosemary
rotate rough round route rover row royal rubber ruby rudder rug rugby ruin rule ruler rumble run
runner rural rush rustic rye saddle safari safe saga sailor salad salmon salon salt salute same
sample sand sandal sapphire satin saturday sauce sauna save savor saw scale scarf scenic school
science scissors scone scoop scooter score scout scrap screen script scroll seal search season
seat second secret seed seek select sell senate senior sense sequel series serve sesame session
set settle seven shade shadow shallow shape share shark sharp shawl sheep sheet shelf shell
shelter sheriff shield shift shine ship shirt shoe shop shore short shoulder show shower shrimp
shrub shut shuttle side sierra sign signal silent silk silver similar simple sing single siren
sister six size skate sketch ski skill skin skip skirt sky slate sled sleep sleeve slice slide
slim slope slow small smart smile smoke smooth snack snail snap snow soap soccer social sock soda
sofa soft soil solar soldier solid solo solve sonar song soon sorbet sort sound soup source south
space spare spark sparrow speak special speed spell spend sphere spice spider spin spinach spiral
spirit splash sponge spoon sport spot spray spread spring sprint sprout spruce square squash squid
squirrel stable stack stadium staff stage stair stamp stand star starch start state station statue
stay steady steam steep stem step stereo stick still stone stool stop store stork storm story
stove straw stream street strong studio study sturdy style subway sugar suit summer summit sunday
sunny sunset super supper supply sure surf surface surprise swallow swan sweater sweet swift swim
swing switch symbol syrup system table tablet taco tailor take talent talk tall tame tango tank
tape tapir target tart task taste tavern taxi tea teach team teapot tell temple tempo ten tender
tennis tent term terrace test text texture thank theater theme theory thermal thick thimble thing
think third thirty thistle thorn thread three thrift throne thumb thunder thursday thyme ticket
tidy tie tiger tight tile timber time tin tiny tip tire title toad toast today toffee together
token tomato tomorrow tone tongue tool tooth top topaz topic torch tornado tortoise total toucan
touch tour towel tower town toy track tractor trade trail train tram travel tray treasure treat
tree trek trend trial tribe trick trim trio trip trolley trombone trophy tropic trot trout truck
true trumpet trunk trust truth tuba tube tuesday tulip tuna tundra tune tunnel turbine turkey turn
turnip turtle tutor tuxedo twelve twenty twig twin twist two typical umbrella uncle under unicorn
uniform union unique unit universe until upper urban urchin urge usage use useful usual utensil
vacant vacuum valid valley value valve van vanilla vapor vase vast vault vector velvet vendor
venture verb verse vessel vest veteran victory video view villa village vine vinegar vintage vinyl
viola violet violin virtue visa vision visit vital vivid vocal voice volcano volley volume vote
voyage wafer wage wagon walk wall wallet walnut walrus waltz wander want warm wash wasp watch
water wave wax way wealth wear weasel weave web wedge weekend welcome well west wharf wheat wheel
whisk whisper whistle white wick wicker wide width wild willow win wind window wing winner winter
wire wisdom wise wish wolf wombat wonder wool word work world worth wren wrench wrist write yacht
yak yard yarn year yeast yellow yes yeti yield yoga yogurt yolk young youth zebra zero zest zinc
zipper zone zoo zoom
`
  .trim()
  .split(/\s+/);

export const PAIRING_CODE_WORDS = 6;
const KNOWN = new Set(PAIRING_WORDS);

/** A new code: six words with a hyphen between. */
export function newPairingCode(random: RandomBytes): string {
  const bytes = random(2 * PAIRING_CODE_WORDS);
  const words = Array.from({ length: PAIRING_CODE_WORDS }, (_, at) => {
    const number = ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0);
    return PAIRING_WORDS[number % PAIRING_WORDS.length];
  });
  return words.join('-');
}

/** What a person typed as a code, or why it is none, in words for that person. */
export function readPairingCode(
  typed: string,
): { ok: true; code: string } | { ok: false; reason: string } {
  const words = typed.toLowerCase().match(/[a-z]+/g) ?? [];
  const unknown = words.find((word) => !KNOWN.has(word));
  if (unknown !== undefined) {
    return { ok: false, reason: `“${unknown.slice(0, 20)}” is not one of the words of a code.` };
  }
  if (words.length !== PAIRING_CODE_WORDS) {
    return { ok: false, reason: `A code has six words; these are ${words.length}.` };
  }
  return { ok: true, code: words.join('-') };
}
